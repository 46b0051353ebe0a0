"""The linear pass: what it measures, and that no document makes it slow."""

from __future__ import annotations

import random
import time

import pytest
from graphql import build_schema, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Coded
from gateway.limits import Caps, Measure, check_document

SCHEMA = build_schema("""
type Query { one: T many(first: Int = 20, after: String): [T!]! nodes(ids: [ID!]!): [T] search(first: Int = 20): [T!]! }
type T { id: ID name: String t: T many(first: Int = 50): [T!]! }
""")
WIDE = Caps(10**9, 10**9, 10**9, 10**9, 10**9, 10**9, 10**9, 10**9, 10**9)


def measure(text: str, caps: Caps = WIDE, **variables: object) -> Measure:
    (found,) = check_document(SCHEMA, parse(text), variables, caps).values()
    return found


def test_a_field_costs_one_and_multiplies_by_its_page() -> None:
    assert measure("{one{id name}}").cost == 3
    assert measure("{many(first:10){id name}}").cost == 21
    assert measure("{many{id}}").cost == 21, "the schema's default"
    assert measure("query($n:Int){many(first:$n){id}}", n=7).cost == 8
    assert measure("query($n:Int=9){many(first:$n){id}}").cost == 10
    assert measure("query($n:Int){many(first:$n){id}}").cost == 101, "an unknown variable counts as a hundred"
    assert measure('{nodes(ids:["a","b","c"]){id}}').cost == 14
    assert measure("query($i:[ID!]!){nodes(ids:$i){id}}", i=["a"] * 50).cost == 61
    assert measure("{search(first:2){many(first:3){id name}}}").cost == 21 + 2 * (1 + 3 * 2)


def test_fragments_count_where_they_are_spread() -> None:
    spread = measure("{one{...f ...f}} fragment f on T{id t{name}}")
    assert (spread.fields, spread.depth, spread.cost) == (7, 3, 7)
    assert measure("{one{...on T{id} ...{name}}}").fields == 3
    assert measure("{one{...nobody}}").fields == 1
    assert measure("{...f} fragment f on Query{...g one{id}} fragment g on Query{...f}").fields == 2


def test_aliases_directives_and_depth_are_counted_after_expansion() -> None:
    found = measure("{a:one{...f b:t{...f}}} fragment f on T{c:id @skip(if:false) t{t{id}}}")
    assert (found.aliases, found.directives, found.depth) == (4, 2, 5)
    deep = measure('{__type(name:"T"){fields{type{name}}} __typename}')
    assert (deep.introspection, deep.depth) == (4, 1)


@pytest.mark.parametrize(
    ("text", "cap"),
    [
        ("{" + "one{id}" * 21 + "}", "root fields"),
        ("query a{one{id}} query b" + "{one" + "{t" * 12 + "{id}" + "}" * 13, "depth"),
        ("{one{" + "".join(f"a{n}:id " for n in range(31)) + "}}", "aliases"),
        ("{one{" + "id " * 400 + "}}", "fields"),
        ("{many(first:100){many(first:100){id}}}", "cost"),
        ("{one{" + "id @skip(if:false) " * 9 + "}}", "directives"),
        ("".join(f"query q{n}{{one{{id}}}}" for n in range(6)), "operations"),
    ],
)
def test_each_cap_names_itself(text: str, cap: str) -> None:
    with pytest.raises(Coded) as caught:
        check_document(SCHEMA, parse(text), {})
    assert caught.value.extras["cap"] == cap


def test_fragments_that_double_45_times_cost_no_time() -> None:
    bomb = "{one{...f0}}" + "".join(f"fragment f{n} on T{{t{{...f{n + 1} ...f{n + 1}}}}}" for n in range(45))
    document = parse(bomb + "fragment f45 on T{id}")
    began = time.process_time()
    (found,) = check_document(SCHEMA, document, {}, WIDE).values()
    assert time.process_time() - began < 0.02
    assert found.fields == found.cost == 10**9


def _slow(seed: int) -> tuple[str, int]:
    """A random document, and its fields counted the slow way, by writing every fragment out."""
    chance = random.Random(seed)
    names = [f"f{n}" for n in range(4)]

    def body(depth: int, usable: list[str]) -> tuple[str, int]:
        text, fields = "", 0
        for _ in range(chance.randint(1, 3)):
            kind = chance.random()
            if kind < 0.4 or depth > 3:
                text, fields = text + "id ", fields + 1
            elif kind < 0.7 and usable:
                name = chance.choice(usable)
                text, fields = text + f"...{name} ", fields + written[name][1]
            else:
                inner = body(depth + 1, usable)
                text, fields = text + f"t{{{inner[0]}}} ", fields + 1 + inner[1]
        return text, fields

    written: dict[str, tuple[str, int]] = {}
    for name in names:
        written[name] = body(0, list(written))
    top = body(0, names)
    fragments = "".join(f"fragment {name} on T{{{text}}}" for name, (text, _) in written.items())
    return f"{{one{{{top[0]}}}}}{fragments}", top[1] + 1


@given(st.integers(0, 10**6))
def test_the_pass_counts_what_expansion_counts(seed: int) -> None:
    text, fields = _slow(seed)
    assert measure(text).fields == fields
