"""Ctrl-C and SIGTERM in the middle of a save: recorded and shown, or stopped and said so; the same command goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from fixtures.generate import main as generate
from tests.commands.conftest import Place, Run, found

ROWS = 8_000

STOP_IN_A_LOAD = """
import os, signal, registry.commands as line
from contextlib import contextmanager
from registry.commands import loads
meter = loads.meter
@contextmanager
def interrupted(what, unit):
    with meter(what, unit) as tell:
        def told(share, done):
            tell(share, done)
            os.kill(os.getpid(), signal.{name})
        yield told
loads.meter = interrupted
line.main()
"""

STOP_IN_AN_ACT = """
import os, signal, registry.commands as line
from registry.desk.muniments import Muniments
lodge = Muniments.lodge
def interrupted(*given, **named):
    os.kill(os.getpid(), signal.{name})
    return lodge(*given, **named)
Muniments.lodge = interrupted
line.main()
"""

STOP_AT_THE_DOOR = """
import os, signal, registry.commands as line
from registry.office import Office
def interrupted(*given, **named):
    os.kill(os.getpid(), signal.SIGINT)
Office.open = interrupted
line.main()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A registry, and a document to lodge."""
    place = found(tmp_path_factory.mktemp("interrupted"))
    (place.folder / "deed.txt").write_text("x")
    return place


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_act_is_finished_and_shown(name: str, place: Place) -> None:
    start = STOP_IN_AN_ACT.format(name=name)
    answer = place.program("lodge", "deed.txt", "--kind", "DEED", officer="a.admin", start=start)
    assert answer.code == 0
    assert answer.out.startswith("Lodged deed.txt as muniment/")
    assert answer.err == "Stopping; what was begun is finished first.\n"


def test_before_anything_was_begun_nothing_is_recorded_and_that_is_said(place: Place, ask: Run) -> None:
    before = ask(place, "status", "--json").json()["size"]
    answer = place.program("lodge", "deed.txt", "--kind", "DEED", officer="a.admin", start=STOP_AT_THE_DOOR)
    assert (answer.code, answer.out) == (4, "")
    assert answer.err == "muniment: broken off; nothing was recorded\n"
    assert ask(place, "status", "--json").json()["size"] == before


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_load_stops_after_its_batch_and_the_same_command_goes_on(name: str, place: Place, tmp_path: Path) -> None:
    seed = getattr(signal, name).value
    _generate(tmp_path, seed)
    file = tmp_path / "sales.csv"
    stopped = place.program("load", file, "--json", officer="a.admin", start=STOP_IN_A_LOAD.format(name=name))
    assert stopped.code == 4
    told = stopped.json()
    assert 0 < told["rows"] < ROWS
    assert told["finished"] is False
    assert f"stopped after {told['rows']:,} rows, which are recorded; give the same command again" in stopped.err
    (open_load,) = [one for one in place.program("loads", "--json", officer="a.admin").json() if one["state"] == "OPEN"]
    assert (open_load["load"], open_load["rows"]) == (told["load"], told["rows"])
    on = place.program("load", file, "--json", officer="a.admin").done().json()
    assert (on["load"], on["rows"], on["recorded"], on["finished"]) == (told["load"], ROWS, ROWS, True)


def _generate(folder: Path, seed: int) -> None:
    generate(["--rows", str(ROWS), "--seed", str(seed), "--out", str(folder)])
