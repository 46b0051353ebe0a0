"""Departments sign in: which assertions are taken, what their desk may do, what an audit makes of it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey
from msgspec.structs import replace

from registry.desk.admission import Admission, DepartmentDesk
from registry.errors import (
    BadSignature,
    LedgerHalted,
    Malformed,
    Misuse,
    NotHeld,
    NotPermitted,
    Refused,
    RegistryError,
)
from registry.ledger.audit.readings import check_reading
from registry.records.acts import Kind
from registry.records.disclosure import unpack
from registry.records.muniment import Visibility
from registry.records.roles import Role
from tests.gateway.clients import assertion, claims, enrol, key_of, public, signed
from tests.town import Town

ALGORITHMS = ("EdDSA", "ES256", "PS256", "PS512", "RS256", "RS512")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("founded")).staff()
    enrol(town)
    town.close()
    return town


@pytest.fixture
def town(founded: Town, tmp_path: Path) -> Iterator[Town]:
    copy = founded.copied(tmp_path)
    yield copy
    copy.close()


@pytest.fixture(scope="module")
def standing(founded: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    copy = founded.copied(tmp_path_factory.mktemp("standing"))
    yield copy
    copy.close()


def admission(town: Town) -> Admission:
    return town.office.admission(town.desk("reader").departments)


def admitted(town: Town, **other: Any) -> DepartmentDesk:
    return admission(town).admit(assertion(now=town.clock.now, **other))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_signs_in(town: Town, algorithm: str) -> None:
    name = f"key {algorithm}"
    enrol(town, name=name, algorithm=algorithm)
    desk = admission(town).admit(assertion(name=name, algorithm=algorithm, now=town.clock.now))
    assert (desk.department, desk.officer, desk.purpose) == ("POL", "department/POL", "fraud 117")


WRONG: dict[str, dict[str, Any]] = {
    "of another department": {"iss": "HMLR", "sub": "HMLR"},
    "about another than its issuer": {"sub": "HMLR"},
    "for another registry": {"aud": "https://registry.example/sea"},
    "for no registry": {"aud": None},
    "for two registries": {"aud": ["https://registry.example/land", "https://registry.example/sea"]},
    "that has expired": {"iat": 1_763_798_000, "exp": 1_763_798_300},
    "of tomorrow": {"iat": 1_763_884_800, "exp": 1_763_885_000},
    "that does not hold yet": {"nbf": 1_763_798_500},
    "that lives ten minutes": {"exp": 1_763_799_000},
    "that ends before it begins": {"exp": 1_763_798_399},
    "without an end": {"exp": None},
    "with an end in words": {"exp": "tomorrow"},
    "with an end that is true": {"exp": True},
    "without a number of its own": {"jti": None},
    "with an empty number": {"jti": ""},
    "with a number of a thousand letters": {"jti": "j" * 1_000},
    "with a claim that is not known": {"scope": "ledger.read"},
    "with a purpose that moves a terminal": {"purpose": "\x1b[2J\x00"},
    "with a purpose of a book": {"purpose": "p" * 2_000},
    "with a purpose that is a list": {"purpose": ["fraud"]},
}


@pytest.mark.parametrize("what", WRONG)
def test_an_assertion_is_refused(standing: Town, what: str) -> None:
    with pytest.raises((Malformed, NotPermitted, RegistryError)):
        admission(standing).admit(assertion(**WRONG[what]))


def test_the_algorithm_is_the_keys_and_not_the_headers(standing: Town) -> None:
    key, said = key_of("police"), claims()
    kid = signed(key, said).split(".")[0]
    head = json.loads(base64.urlsafe_b64decode(kid + "=="))
    body = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")

    def headed(**other: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(head | other).encode()).decode().rstrip("=")

    for forged in (
        f"{headed(alg='none')}.{body}.",
        f"{headed(alg='ES256')}.{body}.{'A' * 86}",
        f"{headed(crit=['b64'], b64=False)}.{body}.{'A' * 86}",
        f"{headed(jwk=public(key))}.{body}.{'A' * 86}",
        jws.serialize_compact(
            head | {"alg": "HS256"}, json.dumps(said).encode(), OctKey.import_key(json.dumps(public(key))), ["HS256"]
        ),
        signed(key_of("a stranger"), said, header={"kid": head["kid"]}),
    ):
        with pytest.raises((Malformed, BadSignature)):
            admission(standing).admit(forged)


def test_an_rsa_key_pinned_to_one_padding_is_not_taken_with_another(town: Town) -> None:
    enrol(town, name="rsa", algorithm="PS256")
    key = key_of("rsa", "PS256")
    with pytest.raises(BadSignature, match="pinned to PS256"):
        admission(town).admit(signed(key, claims(), "RS256"))


@pytest.mark.parametrize(
    "garbage", ["", ".", "..", "a.b.c", "é.é.é", "." * 5_000, "x" * 10_000, "e30.e30.e30", "bnVsbA.W10."]
)
def test_garbage_is_malformed(standing: Town, garbage: str) -> None:
    with pytest.raises(Malformed):
        admission(standing).admit(garbage)


def test_any_changed_character_is_refused(standing: Town) -> None:
    gate, good = admission(standing), assertion()
    for at in range(0, len(good), 7):
        changed = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
        with pytest.raises(RegistryError):
            gate.admit(changed)
    gate.admit(good)


def test_an_assertion_is_taken_once(standing: Town) -> None:
    gate, once = admission(standing), assertion()
    gate.admit(once)
    with pytest.raises(NotPermitted, match="used before"):
        gate.admit(once)


def test_an_assertion_from_before_the_opening_is_refused(town: Town) -> None:
    kept = assertion(now=town.clock.now)
    admission(town).admit(kept)
    town.clock.now += 2_000
    town.reopen()
    with pytest.raises(NotPermitted, match="before the office opened"):
        admission(town).admit(kept)


def test_a_weak_key_is_not_enrolled(standing: Town) -> None:
    desk = standing.desk("founder")
    modulus = (1 << 1_023 | 1).to_bytes(128, "big")
    short = {"e": "AQAB", "kty": "RSA", "n": base64.urlsafe_b64encode(modulus).decode().rstrip("=")}
    with pytest.raises(Malformed, match="1,024 bits"):
        desk.keys.add("POL", "RS256", short)
    with pytest.raises(Malformed, match="exponent"):
        desk.keys.add("POL", "RS256", public(key_of("exponent", "RS256")) | {"e": "Aw"})
    with pytest.raises(Malformed, match="small order"):
        desk.keys.add("POL", "EdDSA", {"crv": "Ed25519", "kty": "OKP", "x": "AQ" + "A" * 41})
    with pytest.raises(Malformed, match="no point"):
        desk.keys.add("POL", "ES256", public(key_of("point", "ES256")) | {"y": "A" * 43})
    with pytest.raises(Malformed, match="signs with"):
        desk.keys.add("POL", "ES256", public(key_of("another")))
    with pytest.raises(Malformed, match="holds"):
        desk.keys.add("POL", "EdDSA", public(key_of("another")) | {"d": "secret"})
    with pytest.raises(Refused, match="enrolled before, for POL"):
        desk.keys.add("HMLR", "EdDSA", public(key_of("police")))
    with pytest.raises(NotPermitted):
        standing.desk("reader").keys.add("HMLR", "EdDSA", public(key_of("another")))


def test_a_revoked_key_ends_its_desks_at_once(town: Town) -> None:
    gate = admission(town)
    desk = gate.admit(assertion(now=town.clock.now))
    desk.check()
    town.desk("founder").keys.revoke("POL", desk.kid, "lost on a train")
    for asked in (desk.check, lambda: desk.lookups.find("deed"), lambda: gate.admit(assertion(now=town.clock.now))):
        with pytest.raises(NotPermitted):
            asked()
    with pytest.raises(Refused, match="no key"):
        town.desk("founder").keys.revoke("POL", desk.kid, "again")


def test_one_of_two_keys_may_go(town: Town) -> None:
    other = enrol(town, name="second")
    desk = admitted(town)
    town.desk("founder").keys.revoke("POL", other, "not wanted")
    desk.check()
    assert [key.revoked is None for key in desk.keys.list("POL")] == [True, False]


def test_the_desk_lives_five_minutes(town: Town) -> None:
    desk = admitted(town)
    town.clock.now += 299_999
    desk.check()
    town.clock.now += 1
    with pytest.raises(NotPermitted, match="expired"):
        desk.check()


def test_a_department_reads_its_own_and_the_audit_opens_it(town: Town) -> None:
    mine = town.lodge("police-clerk", visibility=Visibility.OWN).subject
    theirs = town.lodge(visibility=Visibility.OWN).subject
    desk = admitted(town)
    shown = desk.lookups.show(mine)
    assert shown.details["title"] == "K871204"
    with pytest.raises(NotHeld):
        desk.lookups.show(theirs)
    position = town.office.store.head().size - 1
    act = town.office.services.act(position)
    assert act is not None
    assert (act.intent.kind, act.intent.department) == (Kind.READ, "POL")
    assert b'department/POL"' in town.office.log.entry(position)
    assert b"assertion" not in town.office.log.entry(position)
    audit = town.office.audit()
    assert not audit.faults, audit.faults
    assert audit.checked["readings opened"] == 1
    town.desk("founder").keys.revoke("POL", desk.kid, "the audit judges by the keys of the day")
    again = town.office.audit()
    assert not again.faults, again.faults
    assert again.checked["readings opened"] == 1


def test_a_reading_of_content_wants_a_purpose(town: Town) -> None:
    mine = town.lodge("police-clerk").subject
    desk = admitted(town, purpose=None)
    before = town.office.store.head().size
    with pytest.raises(NotPermitted, match="purpose"):
        desk.muniments.open(mine, io.BytesIO())
    assert town.office.store.head().size == before


def test_a_department_acts_on_nothing(town: Town) -> None:
    mine = town.lodge("police-clerk").subject
    desk = admitted(town)
    acts: tuple[Callable[[], object], ...] = (
        lambda: desk.muniments.withdraw(mine, "no"),
        lambda: desk.officers.add_department("X", "X"),
        lambda: desk.keys.add("POL", "EdDSA", public(key_of("third"))),
    )
    for act in acts:
        with pytest.raises(NotPermitted, match="signs in to read"):
            act()


def test_a_reading_under_another_departments_word_is_found(town: Town) -> None:
    enrol(town, "HMLR", "land")
    mine = town.lodge("police-clerk", visibility=Visibility.OWN).subject
    admitted(town).lookups.show(mine)
    position = town.office.store.head().size - 1
    act = town.office.services.act(position)
    assert act is not None
    assert act.vault
    given = unpack(town.office.vault.withheld(act.vault.id))
    standing = town.office.services.standing()
    assert check_reading(act, given, standing, town.office.origin, position=position) == "department/POL"
    late = replace(act, at=act.at + 700_000)
    with pytest.raises(NotPermitted, match="no more"):
        check_reading(late, given, standing, town.office.origin, position=position)
    with pytest.raises(Malformed, match="audience"):
        check_reading(act, given, standing, "registry.example/sea", position=position)


def test_nothing_withheld_is_handed_out_where_its_reading_is_not_recorded(town: Town) -> None:
    mine = town.lodge("police-clerk")
    word, counter = assertion(now=town.clock.now), town.desk("reader").departments
    size = town.office.store.head().size
    with pytest.raises(NotPermitted, match="purpose"):
        counter.read(assertion(now=town.clock.now, purpose=None), (mine.position,))
    town.clock.now += 600_001
    with pytest.raises(NotPermitted, match="no more") as late:
        counter.read(word, (mine.position,))
    assert late.value.rule == "assertion-time"
    with pytest.raises(NotHeld):
        counter.read(assertion(now=town.clock.now), (size + 7,))
    with pytest.raises(Misuse, match="1,001 readings at once"):
        counter.read(assertion(now=town.clock.now), (mine.position,) * 1_001)
    assert town.office.store.head().size == size
    assert len(counter.read(assertion(now=town.clock.now), (mine.position, mine.position))) == 2
    assert town.office.store.head().size == size + 1
    town.office.services.writer().halt(LedgerHalted("the disk was pulled"))
    with pytest.raises(LedgerHalted):
        counter.read(assertion(now=town.clock.now), (mine.position,))


def test_two_administrators_enrol_a_key_together(town: Town) -> None:
    town.enrol("second-administrator", Role.ADMINISTRATOR)
    added = town.desk("founder").keys.add("HMLR", "EdDSA", public(key_of("land")))
    word = assertion("HMLR", "land", now=town.clock.now)
    with pytest.raises(NotPermitted):
        admission(town).admit(word)
    town.desk("second-administrator").officers.confirm(added.position)
    assert admission(town).admit(word).department == "HMLR"
    assert not town.office.audit().faults
