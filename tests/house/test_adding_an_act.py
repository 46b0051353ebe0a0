"""ADR 0008 against the tree: a kind of act touches five files, and every table has its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry.catalogue.acts import PROJECTIONS
from registry.records.acts import ABOUT, DETAILS, Kind
from registry.records.roles import TABLE, VERB_OF, WORDS, Role, Verb
from registry.records.rules import RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adr" / "0008-adding-a-kind-of-act.md").read_text()
READERS = {"registry/desk/holdings.py"}
"""Tells from entries which act ended a muniment; recording and judging it need nothing of this."""
NAMES = re.compile(r"Kind\.WITHDRAWN|\bWithdrawn\b|MUNIMENT_WITHDRAW\b")


def test_the_page_names_the_five_files_and_the_tree_has_no_other() -> None:
    named = re.findall(r"^\d\. `(registry/[a-z_/]+\.py)`", PAGE, re.MULTILINE)
    door = re.findall(r"`(registry/door/[a-z_/]+\.py)`", PAGE)
    found = sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "registry").rglob("*.py") if NAMES.search(path.read_text())
    )
    assert len(named) == 5
    assert sorted(set(found) - READERS) == sorted(named + door)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_struct_rule_verb_and_projection(kind: Kind) -> None:
    assert kind in DETAILS
    assert kind in ABOUT
    assert kind in PROJECTIONS
    if kind is not Kind.FOUNDED:  # the first entry of a ledger, which no role does
        assert kind in RULES
        assert kind in VERB_OF


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_has_words_and_a_cell_for_every_role(verb: Verb) -> None:
    assert WORDS[verb]
    for role in Role:
        assert TABLE[role][verb] in ("own", "all", "never")
