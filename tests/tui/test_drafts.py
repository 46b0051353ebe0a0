"""Drafts: sealed on disk, private, there again after kill -9, and never mistaken for one another."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from registry.errors import Busy, Malformed
from registry.ledger.signature import Ed25519Signer
from tests.tui.terminal import ROOT
from tui.drafts import Draft, Drafts, folder_of, key_of

ORIGIN = "registry.example/land"
KEY = key_of(Ed25519Signer(hashlib.sha256(b"a").digest()).sign, ORIGIN)
DRAFT = Draft("lodge", "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10", {"withheld.donor": "Amara Okafor"})

TYPIST = """
import sys
from pathlib import Path
from tui.drafts import Draft, Drafts
drafts = Drafts(Path(sys.argv[1]), "registry.example/land", "officer/3", bytes.fromhex(sys.argv[2]))
for step in range(1_000_000):
    drafts.keep(Draft("lodge", "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10", {"title": f"step {step}" * 200}))
    print(step, flush=True)
"""


def of(folder: Path, officer: str = "officer/3", key: bytes = KEY) -> Drafts:
    return Drafts(folder, ORIGIN, officer, key)


def test_a_draft_is_there_again_for_the_same_officer(tmp_path: Path) -> None:
    of(tmp_path).keep(DRAFT)
    assert of(tmp_path).restore() == (DRAFT,)
    assert of(tmp_path, "officer/4").restore() == ()


def test_what_is_withheld_never_lies_on_the_disk_in_clear_nor_open_to_others(tmp_path: Path) -> None:
    of(tmp_path / "new").keep(DRAFT)
    (path,) = (tmp_path / "new").iterdir()
    content = path.read_bytes()
    assert b"Okafor" not in content
    assert b"donor" not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_key_is_the_same_at_every_sign_in_and_another_for_everyone_else() -> None:
    a, b = (Ed25519Signer(hashlib.sha256(name).digest()).sign for name in (b"a", b"b"))
    assert key_of(a, ORIGIN) == KEY
    assert len({key_of(a, ORIGIN), key_of(b, ORIGIN), key_of(a, "other.example/land")}) == 3


def test_a_filed_draft_leaves_nothing_behind(tmp_path: Path) -> None:
    drafts = of(tmp_path)
    drafts.keep(DRAFT)
    drafts.remove("lodge")
    assert list(tmp_path.iterdir()) == []
    assert of(tmp_path).restore() == ()


@pytest.mark.parametrize("place", [0, 20, 40, -1])
def test_a_changed_file_is_put_aside_and_not_overwritten(tmp_path: Path, place: int) -> None:
    of(tmp_path).keep(DRAFT)
    (path,) = tmp_path.iterdir()
    spoilt = bytearray(path.read_bytes())
    spoilt[place] ^= 1
    path.write_bytes(spoilt)
    drafts = of(tmp_path)
    with pytest.raises(Malformed, match="put aside"):
        drafts.restore()
    drafts.keep(DRAFT)
    assert path.with_suffix(".unreadable").read_bytes() == spoilt
    assert of(tmp_path).restore() == (DRAFT,)


@pytest.mark.parametrize("content", [b"", b"muniment-drafts@v1\n", b"\x00" * 100])
def test_a_cut_file_is_put_aside(tmp_path: Path, content: bytes) -> None:
    drafts = of(tmp_path)
    drafts.path.write_bytes(content)
    with pytest.raises(Malformed, match="put aside"):
        drafts.restore()


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Busy, match="your draft could not be kept"):
        of(tmp_path / "file").keep(DRAFT)


def test_after_kill_9_the_last_draft_that_was_kept_is_there(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(3):
        typist = subprocess.Popen(
            [sys.executable, "-c", TYPIST, str(tmp_path), KEY.hex()], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert typist.stdout is not None
        kept = [int(typist.stdout.readline()) for _ in range(20)][-1]
        os.kill(typist.pid, signal.SIGKILL)
        kept = max([kept, *(int(line) for line in typist.stdout.read().split())])
        typist.wait()
        typist.stdout.close()
        (draft,) = of(tmp_path).restore()
        assert int(draft.fields["title"].split("step ")[1]) >= kept


def test_drafts_lie_where_the_machine_keeps_state() -> None:
    assert folder_of({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/muniment/drafts")
    assert folder_of({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/muniment/drafts")


def test_a_draft_that_could_not_be_kept_is_kept_at_the_next_try(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    drafts = of(folder)
    with pytest.raises(Busy):
        drafts.keep(DRAFT)
    folder.unlink()
    drafts.keep(DRAFT)
    assert of(folder).restore() == (DRAFT,)


def test_of_many_changes_the_newest_is_written_and_a_removal_is_not_overtaken(tmp_path: Path) -> None:
    drafts = of(tmp_path)
    failed: list[Busy] = []
    for step in range(300):
        drafts.later("lodge", Draft("lodge", DRAFT.subject, {"title": str(step)}), failed.append)
    drafts.settle()
    assert of(tmp_path).restore() == (Draft("lodge", DRAFT.subject, {"title": "299"}),)
    drafts.later("lodge", DRAFT, failed.append)
    drafts.later("lodge", None, failed.append)
    drafts.settle()
    assert of(tmp_path).restore() == ()
    assert failed == []
