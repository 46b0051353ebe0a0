"""The schema: printed, every field under a rule, and no break without a word about it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from graphql import build_schema as parse_schema
from graphql import is_interface_type, is_object_type
from graphql.utilities import find_breaking_changes

from gateway.schema import build_schema, fields_of
from registry.errors import NotPermitted
from registry.records.facts import SIGNED_ONLY, TOLD
from registry.records.fields import FIELD_RULES, Reach, Rule, rule_of
from tests.gateway.answering import ROOT, SCHEMA

PRINTED = ROOT / "docs" / "schema.graphql"


def test_what_is_printed_is_what_there_is() -> None:
    """To print it anew: PYTHONPATH=.:graphql python -m gateway.schema > docs/schema.graphql"""
    assert PRINTED.read_text() == SCHEMA.as_str() + "\n"


def test_every_field_has_a_rule_and_every_rule_a_field() -> None:
    walked = {(kind, name) for kind, name, _ in fields_of(SCHEMA)}
    assert walked == set(FIELD_RULES)
    objects = [kind for kind in SCHEMA._schema.type_map.values() if is_object_type(kind)]
    ours = [kind for kind in objects if not kind.name.startswith("__")]
    assert len(walked) == sum(len(kind.fields) for kind in ours) > 200  # all of them, and there are some


def test_each_rule_is_asked_before_its_field_is_resolved() -> None:
    """A field is resolved with a desk that may nothing: those under a verb fail, and no resolver of theirs is run."""

    class Nobody:
        def check(self, rule: Rule) -> None:
            raise NotPermitted(f"asked for {rule}")

    info = SimpleNamespace(context=Nobody())
    asked = []
    for kind, name, field in fields_of(SCHEMA):
        rule = rule_of(kind, name)
        if rule in (Reach.ANYONE, Reach.OBJECT):
            continue
        assert field.resolve is not None
        with pytest.raises(NotPermitted, match=f"asked for {rule}"):
            field.resolve(None, info)
        asked.append(name)
    assert {"muniment", "search", "loads", "viewer", "entries", "receipt", "entryByLeafHash", "roles"} <= set(asked)


def test_a_field_without_a_rule_is_nobodys() -> None:
    with pytest.raises(NotPermitted, match=r"Muniment\.secret has no rule"):
        rule_of("Muniment", "secret")


def test_a_field_without_a_rule_keeps_the_gateway_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FIELD_RULES, ("Query", "ledger"))
    with pytest.raises(NotPermitted, match=r"Query\.ledger has no rule"):
        build_schema()


def test_no_float_is_in_it() -> None:
    assert "Float" not in SCHEMA.as_str()


def test_a_verifier_knows_every_field_of_what_can_be_proven() -> None:
    kinds = SCHEMA._schema.type_map
    provable = {
        name
        for name, kind in kinds.items()
        if (is_object_type(kind) or is_interface_type(kind)) and "evidence" in kind.fields and is_object_type(kind)
    }
    assert provable == set(TOLD) == set(SIGNED_ONLY)
    for name in provable:
        kind = kinds[name]
        assert is_object_type(kind)
        assert set(kind.fields) == set(TOLD[name]) | SIGNED_ONLY[name]
        assert not set(TOLD[name]) & SIGNED_ONLY[name]


def test_no_promise_is_broken_unsaid() -> None:
    """`promised.graphql` is the schema as last promised to departments: a copy of docs/schema.graphql, renewed only
    with a line in CHANGELOG.md that begins `Breaking change of the schema:`."""
    promised = (ROOT / "tests" / "gateway" / "promised.graphql").read_text()
    changes = find_breaking_changes(parse_schema(promised), SCHEMA._schema)
    assert not changes, [change.description for change in changes]


def test_a_break_is_seen() -> None:
    printed = PRINTED.read_text()
    cut = printed.replace("  catalogueLag: UInt53!\n", "")
    assert cut != printed
    assert [each.description for each in find_breaking_changes(parse_schema(printed), parse_schema(cut))]
