"""The workbench killed, told to leave, or left without a terminal: neither a draft, an act nor its answer is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.town import Town
from tests.tui.terminal import PATIENCE_S, ROOT, Terminal

ENTER, CTRL_S, CTRL_Q = b"\r", b"\x13", b"\x11"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("founded"))
    town.close()
    return town


def signed_in(town: Town, state: Path) -> Terminal:
    places = ["--registry", str(town.settings.registry), "--signer", str(town.settings.signer)]
    terminal = Terminal(["-m", "tui", *places, "--officer", "founder"], columns=100, rows=30, state=state)
    terminal.until("M0100")
    terminal.type(b"founder's" + ENTER)
    terminal.until("rules adopted")
    return terminal


def test_after_kill_9_the_draft_is_there_is_filed_and_is_gone(founded: Town, tmp_path: Path) -> None:
    deed = tmp_path / "deed.pdf"
    deed.write_bytes(b"%PDF a deed")
    first = signed_in(founded, tmp_path)
    try:
        first.type(
            b"gl" + str(deed).encode() + ENTER + b"deed" + ENTER + ENTER + ENTER + b"title = HEIRLOOM\tdonor = A"
        )
        first.until("1 as salted")
        first.signal(signal.SIGKILL)
        assert first.end() == -signal.SIGKILL
    finally:
        first.close()
    (draft,) = (tmp_path / "muniment" / "drafts").iterdir()
    assert b"HEIRLOOM" not in draft.read_bytes()
    second = signed_in(founded, tmp_path)
    try:
        second.until("M0107")
        second.type(b"gl")
        second.until("HEIRLOOM")
        second.type(CTRL_S)
        second.until("M0411")
        second.type(CTRL_Q)
        assert second.end() == 0
    finally:
        second.close()
    assert list((tmp_path / "muniment" / "drafts").iterdir()) == []
    found = founded.open().public().status()
    founded.close()
    assert found.size == 5


def test_sigterm_in_the_middle_of_a_submit_leaves_the_act_and_tells_it(founded: Town, tmp_path: Path) -> None:
    deed = tmp_path / "large.pdf"
    deed.write_bytes(b"%PDF" * 4_000_000)  # long enough to be on its way when the signal comes
    before = founded.open().public().status().size
    founded.close()
    terminal = signed_in(founded, tmp_path)
    try:
        terminal.type(b"gl" + str(deed).encode() + ENTER + b"deed" + CTRL_S)
        terminal.until("M0410")
        terminal.signal(signal.SIGTERM)
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert f"recorded at {before:,}: muniment/" in terminal.text() or f"Recorded at {before}:" in terminal.text()
    assert founded.open().public().status().size == before + 1
    founded.close()
    assert list((tmp_path / "muniment" / "drafts").iterdir()) == []


def test_a_terminal_that_vanished_ends_the_workbench_and_leaves_the_registry_free(
    founded: Town, tmp_path: Path
) -> None:
    terminal = signed_in(founded, tmp_path)
    try:
        assert terminal.vanish() == 0
    finally:
        terminal.close()
    founded.open()  # or Busy
    founded.close()


def test_a_terminal_that_vanishes_in_the_middle_of_a_submit_does_not_cut_it_off(founded: Town, tmp_path: Path) -> None:
    deed = tmp_path / "large.pdf"
    deed.write_bytes(b"%PDF" * 4_000_000)
    before = founded.open().public().status().size
    founded.close()
    terminal = signed_in(founded, tmp_path)
    try:
        terminal.type(b"gl" + str(deed).encode() + ENTER + b"deed" + CTRL_S)
        terminal.until("M0410")
        assert terminal.vanish() == 0
    finally:
        terminal.close()
    assert founded.open().public().status().size == before + 1
    founded.close()
    assert list((tmp_path / "muniment" / "drafts").iterdir()) == []


@pytest.mark.parametrize("signal_sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_not_cut_off_what_the_first_waits_for(
    founded: Town, tmp_path: Path, signal_sent: signal.Signals
) -> None:
    deed = tmp_path / "large.pdf"
    deed.write_bytes(b"%PDF" * 4_000_000)
    before = founded.open().public().status().size
    founded.close()
    terminal = signed_in(founded, tmp_path)
    try:
        terminal.type(b"gl" + str(deed).encode() + ENTER + b"deed" + CTRL_S)
        terminal.until("M0410")
        terminal.signal(signal_sent)
        terminal.until_given_back()  # the screen is given back; what is being recorded may go on
        terminal.signal(signal_sent)
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert founded.open().public().status().size == before + 1
    founded.close()


def test_a_multiplexer_that_is_killed_ends_the_workbench_in_it(founded: Town, tmp_path: Path) -> None:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("no tmux here")
    server = [tmux, "-L", f"muniment-{os.getpid()}-killed", "-f", "/dev/null"]
    places = ["--registry", str(founded.settings.registry), "--signer", str(founded.settings.signer)]
    said = tmp_path / "pid"
    program = f"echo $$ > {said}; exec {sys.executable} -m tui {' '.join(places)} --officer founder"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'graphql'}", "XDG_STATE_HOME": str(tmp_path)}
    subprocess.run(
        [*server, "new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", program],
        check=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        wait_for(lambda: "M0100" in screen(server))
        process = int(said.read_text())
        subprocess.run([*server, "send-keys", "founder's", "Enter"], check=True)
        wait_for(lambda: "M0102" in screen(server))
    finally:
        subprocess.run([*server, "kill-server"], check=False)
    wait_for(lambda: not Path(f"/proc/{process}/status").exists())
    founded.open()
    founded.close()


def screen(server: list[str]) -> str:
    return subprocess.run([*server, "capture-pane", "-p"], capture_output=True, text=True, check=False).stdout


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
