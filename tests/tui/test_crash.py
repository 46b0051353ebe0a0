"""The workbench killed, and told to leave: drafts stand, and neither an act nor its answer is lost."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.town import Town
from tests.tui.terminal import Terminal

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
