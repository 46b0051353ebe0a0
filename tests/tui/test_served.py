"""Workbenches in real terminals on one office, a process of its own: killed in the middle of a submit and opened again,
stopped for two seconds, used by two people at once."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.office import Office, now_ms
from tests.acts.examination import examined
from tests.town import CHEAP, Town, seed_of
from tests.tui.terminal import PATIENCE_S, ROOT, Terminal
from tui.wording import NOT_FOUND

pytestmark = pytest.mark.slow

ENTER, TAB, CTRL_L, CTRL_Q, CTRL_S, F5 = b"\r", b"\t", b"\x0c", b"\x11", b"\x13", b"\x1b[15~"
START = "from registry.commands import main; main()"


class Served:
    """`muniment office` by the founder, in a process of its own."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        phrase = folder / "phrase"
        phrase.write_text("founder's\n")
        phrase.chmod(0o600)
        self._variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")]),
            "MUNIMENT_REGISTRY": str(town.settings.registry),
            "MUNIMENT_SIGNER": str(town.settings.signer),
            "MUNIMENT_OFFICER": "founder",
            "MUNIMENT_PASSPHRASE_FILE": str(phrase),
        }
        self.process = self._opened()

    def _opened(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", START, "office"],
            cwd=self.folder,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert "open at" in process.stdout.readline()
        return process

    def kill(self) -> None:
        """With SIGKILL."""
        self.process.kill()
        self._let_go()

    def open_again(self) -> None:
        """As whoever runs the office does."""
        self.process = self._opened()

    def stop(self) -> None:
        """In order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        self._let_go()

    def _let_go(self) -> None:
        self.process.wait(timeout=PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def sit(self, officer: str, state: Path, *, rows: int = 30) -> Terminal:
        """A workbench, signed in."""
        state.mkdir(exist_ok=True)
        settings = self.town.settings
        places = ["--registry", str(settings.registry), "--signer", str(settings.signer), "--officer", officer]
        terminal = Terminal(["-m", "tui", *places], columns=100, rows=rows, state=state)
        terminal.until("M0100")
        terminal.type(f"{officer}'s".encode() + ENTER)
        terminal.until("sealed, no witnesses appointed")
        return terminal


@pytest.fixture
def office(staffed: Town, tmp_path: Path) -> Iterator[Served]:
    town = staffed.copied(tmp_path)
    for name in ("intake-clerk", "reader"):
        town.office.signer.officers.keep(
            name,
            seed_of(name),
            f"{name}'s",
            officer=town.references[name],
            origin=town.office.origin,
            cost=CHEAP,
        )
    town.lodge()
    town.close()
    served = Served(town, tmp_path)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("staffed"))
    town.clock.now = now_ms()  # the office that serves goes by the machine's clock, and appointments end
    town.staff().close()
    return town


def large(tmp_path: Path) -> Path:
    """Long enough on its way to be caught in the middle."""
    deed = tmp_path / "large.pdf"
    deed.write_bytes(b"%PDF" * 8_000_000)
    return deed


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3])
def test_an_office_killed_in_the_middle_of_a_submit_loses_nothing_and_records_nothing_twice(
    office: Served, tmp_path: Path, after_s: float
) -> None:
    terminal = office.sit("intake-clerk", tmp_path / "state")
    try:
        terminal.type(b"gl" + str(large(tmp_path)).encode() + ENTER + b"deed" + CTRL_S)
        terminal.until("M0410")
        time.sleep(after_s)  # not a wait: where in the submit it is killed
        office.kill()
        terminal.until("office away, your drafts are kept")
        away = len(terminal.seen)
        office.open_again()
        back = ("M0911", NOT_FOUND, "Recorded at")  # told within one frame, the last alone is drawn
        terminal.until_drawn(lambda: any(words in terminal.text(away) for words in back))
        if "M0912" in terminal.text():
            terminal.first_of("Recorded at", NOT_FOUND)
        if "Recorded at" not in terminal.text():
            terminal.type(CTRL_S)
            terminal.until("Recorded at")
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    finally:
        terminal.close()
    office.stop()
    lodged = [act for act in entries(office.town) if '"kind":"LODGED"' in act and '"number":1' in act]
    assert len(lodged) == 2  # the one that was there, and this one
    assert list((tmp_path / "state" / "muniment" / "drafts").iterdir()) == []


def entries(town: Town) -> list[str]:
    """Every entry of the ledger, which an audit finds whole."""
    town.open()
    try:
        assert examined(town).faults == ()
        return [raw.decode() for raw in town.office.log.entries(0, town.office.store.head().size)]
    finally:
        town.close()


def test_two_people_work_at_once_and_one_sees_what_the_other_recorded(office: Served, tmp_path: Path) -> None:
    deed = tmp_path / "deed.pdf"
    deed.write_bytes(b"%PDF a deed")
    clerk, reader = office.sit("intake-clerk", tmp_path / "a"), office.sit("reader", tmp_path / "b")
    try:
        clerk.type(b"gl" + str(deed).encode() + ENTER + b"deed" + TAB + TAB + b"dep" + TAB + b"title = SEEN77" + CTRL_S)
        clerk.until("M0411 Recorded at")
        reader.type(b"/SEEN77" + ENTER + ENTER)
        reader.until("SEALED, no witnesses appointed")
        clerk.type(CTRL_L)
        clerk.until("M0111")
        clerk.type(b"intake-clerk's" + ENTER)
        clerk.until("M0112")
        for terminal in (clerk, reader):
            terminal.type(CTRL_Q)
            assert terminal.end() == 0
    finally:
        clerk.close()
        reader.close()
    with Office.reading(office.town.settings) as beside:
        assert beside.public().status().size > 0


@pytest.mark.usefixtures("alone")
def test_an_office_stopped_for_two_seconds_delays_no_key_by_50_ms(office: Served, tmp_path: Path) -> None:
    """In one of three rounds: a machine that is busy otherwise may spoil one, a desk asked on the event loop all."""
    terminal = office.sit("reader", tmp_path / "state")
    worst: list[float] = []
    try:
        terminal.type(b"/")
        terminal.until("words, a postcode")
        calm = statistics.median(echo(terminal, letter) for letter in "abcdefghij" * 3)
        for _ in range(3):
            worst.append(stalled(office, terminal))
            if worst[-1] <= calm + 0.05:
                break
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    finally:
        terminal.close()
    print(
        f"echo of a key: {1e3 * calm:.1f} ms; the slowest of a stalled round: {[f'{1e3 * one:.1f}' for one in worst]}"
    )
    assert min(worst) <= calm + 0.05


def stalled(office: Served, terminal: Terminal) -> float:
    """Seconds that the slowest key took while the office stood still for two."""
    office.process.send_signal(signal.SIGSTOP)
    try:
        before = len(terminal.seen)
        terminal.type(ENTER)  # a question that hangs
        terminal.until_drawn(lambda: "M0200" in terminal.text(before))
        terminal.type(b"/")
        echo(terminal, "#")
        end, found = time.monotonic() + 2, list[float]()
        while time.monotonic() < end:
            found += [echo(terminal, letter) for letter in "klmnopqrst"]
    finally:
        office.process.send_signal(signal.SIGCONT)
    before = len(terminal.seen)
    terminal.until_drawn(lambda: "M0203" in terminal.text(before))
    return max(found)


def echo(terminal: Terminal, letter: str) -> float:
    """Seconds from a key to its being drawn."""
    before, began = len(terminal.seen), time.perf_counter()
    terminal.type(letter.encode())
    terminal.until_drawn(lambda: letter in terminal.text(before))
    return time.perf_counter() - began


def test_leaving_does_not_wait_for_an_office_that_stands_still(office: Served, tmp_path: Path) -> None:
    terminal = office.sit("reader", tmp_path / "state")
    try:
        office.process.send_signal(signal.SIGSTOP)
        terminal.type(b"/mothwing" + ENTER)
        terminal.until("M0200")
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    finally:
        office.process.send_signal(signal.SIGCONT)
        terminal.close()
