"""A registry that was put back from an older copy, beside a signer that was not; and a signer that lost its mark."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crashes.aftermath import faults
from tests.crashes.nursery import Broken, Copies


def put_back(registry: Broken, copy: Path) -> None:
    shutil.rmtree(registry.settings.registry)
    shutil.copytree(copy, registry.settings.registry)


def yesterday(registry: Broken) -> Path:
    """A copy of the registry as it is now, made as a backup makes one: of the closed folder, without the signer."""
    copy = registry.folder / "yesterday"
    shutil.copytree(registry.settings.registry, copy)
    return copy


def bytes_of(folder: Path) -> dict[str, bytes]:
    """What is in the registry, its lock and SQLite's index for readers aside."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".db"}


def test_a_restored_registry_refuses_to_write_and_names_both_sizes(broken: Copies) -> None:
    registry = broken()
    copy = yesterday(registry)
    registry.run("lodge")
    before = bytes_of(copy)
    put_back(registry, copy)
    for script in ("lodge", "revise", "load_sales", "enrol", "reopen"):
        ended = registry.run(script)
        assert ended.error == "LedgerHalted"
        assert "this copy ends at 23 entries, this signer has signed 24: it is an old copy" in ended.sentence
        assert not ended.answers
        assert not ended.steps
    assert bytes_of(registry.settings.registry) == before


def test_the_newest_copy_opens_again(broken: Copies) -> None:
    registry = broken()
    old = yesterday(registry)
    registry.run("lodge")
    newest = registry.folder / "newest"
    shutil.copytree(registry.settings.registry, newest)
    put_back(registry, old)
    assert registry.run("reopen").error == "LedgerHalted"
    put_back(registry, newest)
    with registry.open() as office:
        assert list(faults(office)) == []


def test_a_restored_registry_that_has_grown_past_the_mark_is_found_all_the_same(broken: Copies) -> None:
    """Written to under another signer's mark, it is as long as ours, but its history is another."""
    registry, elsewhere = broken(), broken()
    registry.run("revise", seed=1)
    for seed in (2, 3):
        elsewhere.run("revise", seed=seed)
    put_back(registry, elsewhere.settings.registry)
    ended = registry.run("reopen")
    assert ended.error == "LedgerHalted"
    assert "at size 24 this copy has another root than this signer has signed: its history was rewritten" in (
        ended.sentence
    )


def without_file(registry: Broken) -> None:
    for path in registry.settings.signer.glob("mark.db*"):
        path.unlink()


def without_row(registry: Broken) -> None:
    """The file was lost, and its adoption broken off before the mark was set."""
    without_file(registry)
    assert registry.run("adopt", stop=("ledger committed", 1)).killed


@pytest.mark.parametrize("lose", [without_file, without_row])
def test_a_lost_mark_refuses_until_it_is_adopted(lose: Callable[[Broken], None], broken: Copies) -> None:
    registry = broken()
    lose(registry)
    for script in ("lodge", "reopen"):
        ended = registry.run(script)
        assert ended.error == "LedgerHalted"
        assert "muniment checkpoint --adopt" in ended.sentence
        assert not ended.answers
    adopted = registry.run("adopt")
    assert adopted.answers[0]["kind"] == "MARK_ADOPTED", adopted.sentence
    with registry.open() as office:
        assert list(faults(office)) == []


def test_a_mark_that_is_there_is_not_adopted_anew(broken: Copies) -> None:
    registry = broken()
    ended = registry.run("adopt")
    assert ended.error == "Misuse"
    assert "holds a mark already" in ended.sentence
    with registry.open() as office:
        assert list(faults(office)) == []


def test_an_old_copy_is_not_made_good_by_adopting(broken: Copies) -> None:
    """Its mark is there and larger. Nor does an old copy bring back into office whoever was dismissed since."""
    registry = broken()
    copy = yesterday(registry)
    registry.run("revoke")
    put_back(registry, copy)
    keys = (registry.settings.signer / "office.keys").read_bytes()
    ended = registry.run("adopt")
    assert ended.error == "Misuse"
    assert "holds a mark already" in ended.sentence
    assert not ended.answers
    assert (registry.settings.signer / "office.keys").read_bytes() == keys
    assert registry.run("reopen").error == "LedgerHalted"
