"""A client that lies: about who it is, about what it reads, about what it signs. The office believes nothing of it."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from registry.desk.desk import challenge_bytes
from registry.door import connection
from registry.door.consent import compared
from registry.door.errand import Errand, Going
from registry.door.frames import Fetch, Fetched, SignThis
from registry.door.lines import Conversation, Reply
from registry.door.verbs import IN_LINE, VERBS
from registry.errors import BadSignature, Malformed, Misuse, NotHeld, NotPermitted, RegistryError
from registry.records.acts import Kind
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import VERB_OF, Verb
from tests.acts.examination import examined
from tests.door.behind import DoorTown
from tests.door.knocking import Stranger
from tests.town import document

SECRET = "The proprietor's own words"


def size(town: DoorTown) -> int:
    """Entries recorded."""
    return town.office.store.head().size


def own(town: DoorTown) -> str:
    """A deed that HMLR alone sees."""
    desk = town.desk("intake-clerk")
    return desk.muniments.lodge(
        document(SECRET), MunimentKind.DEED, withheld={"proprietor": "Amara Okafor"}, visibility=Visibility.OWN
    ).subject


# ---- who it is ----


def test_signing_in_with_another_officers_key(town: DoorTown) -> None:
    with Stranger(town) as stranger:
        answer = stranger.sign_in("founder", town.sign("reader"))
        assert answer is not None
        assert (answer["type"], answer["name"]) == ("failed", BadSignature.__name__)
        assert stranger.hear() is None


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_signing_in_with_no_signature(town: DoorTown, signature: bytes) -> None:
    with Stranger(town) as stranger:
        answer = stranger.sign_in("founder", lambda payload: signature)
        assert answer is not None
        assert (answer["type"], answer["name"]) == ("failed", BadSignature.__name__)


def test_signing_in_with_the_small_order_key_of_nobody(town: DoorTown) -> None:
    with Stranger(town) as stranger:
        stranger.greet()
        stranger.say(type="sign-in", officer="officer/99")
        answer = stranger.hear()
        assert answer is not None
        assert (answer["type"], answer["name"]) == ("failed", NotPermitted.__name__)


def test_a_signed_challenge_is_of_no_use_a_second_time(town: DoorTown) -> None:
    seen: list[bytes] = []

    def kept(payload: bytes) -> bytes:
        seen.append(town.sign("founder")(payload))
        return seen[-1]

    with Stranger(town) as honest, Stranger(town) as thief:
        seated = honest.sign_in("founder", kept)
        assert seated is not None
        assert seated["type"] == "seated"
        answer = thief.sign_in("founder", lambda payload: seen[0])
        assert answer is not None
        assert answer["name"] == BadSignature.__name__


def test_a_challenge_passed_on_to_another_user_is_not_signed_and_would_not_hold(
    town: DoorTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody in between asks the office for a challenge and shows it to an officer of another user."""
    monkeypatch.setattr(connection, "peer_uid", lambda connection: os.geteuid() + 1)
    with pytest.raises(Misuse, match="no challenge to sign in here; nothing was signed"):
        town.desk("founder")
    with Stranger(town) as between:

        def passed_on(payload: bytes) -> bytes:
            nonce = payload[len(challenge_bytes(town.office.origin, b"")) :][:32]
            mine = challenge_bytes(town.office.origin, nonce, f"\nuid {os.geteuid()}".encode())
            return town.sign("founder")(mine)

        answer = between.sign_in("founder", passed_on)
        assert answer is not None
        assert answer["name"] == BadSignature.__name__


def test_a_key_of_another_registry_is_not_shown_here(town: DoorTown) -> None:
    def never(payload: bytes) -> bytes:
        raise AssertionError(payload)

    with pytest.raises(Misuse, match=r"this key is one of registry\.example/elsewhere"):
        town.knock().sign_in("officer/1", never, "registry.example/elsewhere")


def test_a_revoked_officers_open_desk_acts_and_looks_no_more(town: DoorTown) -> None:
    subject = own(town)
    desk = town.desk("reader")
    town.desk("founder").officers.revoke("reader", "left")
    for ask in (lambda: desk.lookups.show(subject), lambda: desk.lookups.find("deed"), lambda: desk.officers.list()):
        with pytest.raises(NotPermitted):
            ask()
    with pytest.raises(NotPermitted, match="was revoked"):
        town.desk("reader")


# ---- what may be asked ----


@pytest.mark.parametrize(
    "verb",
    [
        "lookups.disclosed",
        "lookups.version",
        "lookups.record_reading",
        "lookups.viewer",
        "lookups._services",
        "muniments._prepare",
        "muniments._session",
        "officers.adopt_mark",
        "_services.vault.withheld",
        "loads._session.services.vault.open",
        "__init__",
        "officers.__class__",
        "sequencer.enter",
        "vault.open",
        "",
        ".",
        "status.",
        "lookups",
    ],
)
def test_nothing_beside_the_table_is_reached(town: DoorTown, verb: str) -> None:
    with Stranger(town) as stranger:
        stranger.sign_in("founder")
        answer = stranger.ask(verb)
        assert answer is not None
        assert (answer["type"], answer["name"], answer["rule"]) == ("failed", "NotPermitted", "door")


def test_every_verb_of_the_role_table_is_reached_by_a_row_or_has_a_reason() -> None:
    reached = {verb for row in VERBS.values() for verb in row.exercises}
    assert reached | set(IN_LINE) == set(Verb)
    assert not reached & set(IN_LINE)


@pytest.mark.parametrize("row", VERBS.values(), ids=lambda row: row.name)
def test_a_row_exercises_what_its_acts_want(row: Any) -> None:
    """Whatever a verb may have signed, one of its rows of the role table stands for it."""
    counter, _, method = row.name.rpartition(".")
    assert row.method.__name__ == (method or counter)
    assert not any(name.startswith("_") for name in row.name.split("."))
    for kind in row.signs - {Kind.READ}:
        if row.name != "officers.confirm":
            assert VERB_OF[kind] in row.exercises


def test_whatever_is_signed_is_compared_with_what_was_asked() -> None:
    assert compared() == {row.name for row in VERBS.values() if row.signs}


# ---- what it reads ----


@pytest.mark.parametrize("verb", ["muniments.open", "lookups.show", "lookups.history", "receipts.take"])
@pytest.mark.parametrize("how", ["unwilling", "garbage", "silent", "another's"])
def test_nothing_is_handed_out_before_the_reading_stands(town: DoorTown, verb: str, how: str) -> None:
    """Asked to sign the reading a client says no, signs rubbish, leaves, or signs with another's key."""
    subject = own(town)
    before, held = size(town), set(town.office.vault.ids())
    argument = {"muniments.open": "subject", "receipts.take": "what"}.get(verb, "reference")
    with Stranger(town) as stranger:
        stranger.sign_in("reader")
        wanted = stranger.ask(verb, **{argument: subject})
        assert wanted is not None
        assert wanted["type"] == "sign-this"
        if how == "silent":
            stranger.socket.shutdown(1)
            heard = stranger.hear()
        else:
            if how == "unwilling":
                stranger.say(type="failed", name="Misuse", sentence="no")
            else:
                signature = bytes(64) if how == "garbage" else town.sign("founder")(wanted["payload"])
                stranger.say(type="signed", signature=signature)
            heard = stranger.hear()
            assert heard is not None
        if heard is not None:
            assert heard["type"] == "failed"
            assert SECRET.encode() not in repr(heard).encode()
    town.close()
    town.open()
    assert (size(town), set(town.office.vault.ids())) == (before, held)


def test_a_reading_stands_before_the_first_piece_arrives(town: DoorTown) -> None:
    subject = own(town)
    before = size(town)
    with Stranger(town) as stranger:
        stranger.sign_in("reader")
        wanted = stranger.ask("muniments.open", subject=subject)
        assert wanted is not None
        stranger.say(type="signed", signature=town.sign("reader")(wanted["payload"]))
        piece = stranger.hear()
        assert piece is not None
        assert (piece["type"], piece["body"]) == ("piece", SECRET.encode())
        act = town.office.services.act(before)
        assert act is not None
        assert act.intent.kind is Kind.READ


@pytest.mark.parametrize("who", ["police-reader", "loader", "auditor", "founder"])
def test_who_may_not_read_it_gets_nothing_through_any_verb(town: DoorTown, who: str) -> None:
    subject, sink = own(town), io.BytesIO()
    desk = town.desk(who)
    asks: tuple[Callable[[], object], ...] = (
        lambda: desk.muniments.open(subject, sink),
        lambda: desk.receipts.take(subject, disclosures=True),
    )
    for ask in asks:
        with pytest.raises((NotHeld, NotPermitted)):
            ask()
    assert sink.getvalue() == b""


# ---- what it signs, and for whom ----


def test_an_intent_of_another_officer_cannot_be_entered(town: DoorTown) -> None:
    """The office makes every intent: of the officer who signed in, and of nobody else."""
    before = size(town)
    with Stranger(town) as stranger:
        stranger.sign_in("intake-clerk")
        wanted = stranger.ask("muniments.withdraw", subject=own(town), reason="mine", officer="officer/1")
        assert wanted is not None
        assert (wanted["type"], wanted["name"]) == ("failed", Malformed.__name__)
    assert size(town) == before + 1  # the deed alone


def test_a_signature_over_something_else_is_refused_and_its_body_taken_away(town: DoorTown) -> None:
    before, held = size(town), set(town.office.vault.ids())
    with Stranger(town) as stranger:
        stranger.sign_in("intake-clerk")
        found = stranger.ask("muniments.lodge", document={"name": "d.txt", "size": 4}, kind="DEED")
        while found is not None and found["type"] == "fetch":
            stranger.say(type="fetched", body=b"four" if found["offset"] == 0 else b"")
            found = stranger.hear()
        assert found is not None
        assert found["type"] == "sign-this"
        stranger.say(type="signed", signature=town.sign("intake-clerk")(found["payload"] + b" "))
        answer = stranger.hear()
        assert answer is not None
        assert answer["name"] == BadSignature.__name__
        assert stranger.ask("status") is not None
    assert (size(town), set(town.office.vault.ids())) == (before, held)


@pytest.mark.parametrize("after_pieces", [0, 1, 3, "all", "signing"])
def test_a_client_that_is_gone_in_mid_upload_leaves_nothing(town: DoorTown, after_pieces: int | str) -> None:
    before, held = size(town), set(town.office.vault.ids())
    piece = b"x" * (1 << 19)
    with Stranger(town) as stranger:
        stranger.sign_in("intake-clerk")
        total = 4 * len(piece)
        found = stranger.ask("muniments.lodge", document={"name": "d.txt", "size": total}, kind="DEED")
        sent = 0
        while found is not None and found["type"] == "fetch" and sent != after_pieces:
            stranger.say(type="fetched", body=piece if sent < 4 else b"")
            sent += 1
            if sent == 5 and after_pieces == "all":
                break
            found = stranger.hear()
    town.knock().close()
    town.door.close()  # joins the thread of whoever is gone
    assert (size(town), set(town.office.vault.ids())) == (before, held)
    assert [path.name for path in town.settings.registry.iterdir() if path.name.startswith("tmp")] == []


def test_pieces_without_end_are_cut_off(town: DoorTown) -> None:
    """More than was said is not kept aside; the vault says what is wrong."""
    with Stranger(town) as stranger:
        stranger.sign_in("intake-clerk")
        found = stranger.ask("muniments.lodge", document={"name": "d", "size": 9}, kind="DEED")
        pieces = 0
        while found is not None and found["type"] == "fetch":
            stranger.say(type="fetched", body=b"y" * (1 << 19))
            found = stranger.hear()
            pieces += 1
        assert pieces == 1
        assert found is not None
        assert found["name"] == Misuse.__name__


def test_a_path_in_place_of_a_name_opens_nothing_in_the_office(town: DoorTown) -> None:
    with Stranger(town) as stranger:
        stranger.sign_in("loader")
        for name in ("/etc/passwd", "../ledger.db", "a/b"):
            answer = stranger.ask("loads.load", path={"name": name, "size": 1})
            assert answer is not None
            assert answer["type"] == "failed"


def test_after_all_lies_the_audit_finds_nothing_wrong(town: DoorTown) -> None:
    own(town)
    with Stranger(town) as stranger:
        stranger.sign_in("loader")
        stranger.ask("officers.appoint", name="loader", role="administrator")
    assert examined(town).faults == ()


# ---- an office that lies ----


Lie = Callable[[bytes], bytes]

LIES: dict[str, Lie] = {
    "another registry": lambda payload: payload.replace(b"registry.example/land", b"registry.example/lend"),
    "another officer": lambda payload: payload.replace(b"officer/3", b"officer/1"),
    "another department": lambda payload: payload.replace(b'"department":"HMLR"', b'"department":"HMLQ"'),
    "another subject": lambda payload: payload[:-5] + b'0"}',
    "another kind": lambda payload: payload.replace(b"WITHDRAWN", b"REVISED"),
    "another reason": lambda payload: payload.replace(b"by mistake", b"on purpose"),
    "not canonical": lambda payload: payload.replace(b'","', b'", "'),
    "a challenge": lambda payload: challenge_bytes("registry.example/land", bytes(32), b"\nuid 0"),
    "nothing": lambda payload: b"",
    "the act, and a byte more": lambda payload: payload + b" ",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_nothing_is_signed_that_was_not_asked_for(town: DoorTown, lie: Lie, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes that arrive are not those of the act that was asked for, in one member."""
    subject, signed = town.lodge().subject, list[bytes]()

    def counted(payload: bytes) -> bytes:
        signed.append(payload)
        return town.sign("intake-clerk")(payload)

    desk = town.knock().sign_in(town.references["intake-clerk"], counted, town.office.origin)
    replied = Conversation._replied

    def changed(self: Conversation, message: object, reply: Reply) -> None:
        if isinstance(message, SignThis):
            assert lie(message.payload) != message.payload
            message = SignThis(lie(message.payload))
        replied(self, message, reply)  # type: ignore[arg-type]  # whatever came

    monkeypatch.setattr(Conversation, "_replied", changed)
    before = size(town)
    with pytest.raises(Misuse, match=r"did not ask for .*nothing was signed"):
        desk.muniments.withdraw(subject, "lodged by mistake")
    assert len(signed) == 1  # the challenge, before
    assert size(town) == before


def test_a_body_that_is_not_the_one_handed_in_is_not_signed_for_where_it_is_public(
    town: DoorTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    replied = Conversation._replied

    def changed(self: Conversation, message: object, reply: Reply) -> None:
        def other(wanted: Any) -> Any:
            answer = reply(wanted)
            return Fetched(answer.body.replace(b"deed", b"DEED")) if isinstance(answer, Fetched) else answer

        replied(self, message, other)  # type: ignore[arg-type]  # whatever came

    monkeypatch.setattr(Conversation, "_replied", changed)
    with pytest.raises(Misuse, match=r"did not ask for \(content"):
        town.lodge(visibility=Visibility.PUBLIC)


def test_an_office_cannot_fetch_what_was_not_handed_in() -> None:
    """A load of sales has no bodies beside it, and one of muniments none outside of its folder."""
    errand = Errand(bytes, VERBS["lookups.find"], {}, Going(), ExitStack())
    for path in ("", "/etc/passwd", "../secret"):
        with pytest.raises(RegistryError):
            errand.reply(Fetch(path, 0, 10))


# ---- nobody waits for it ----


def test_a_client_that_stalls_in_mid_signature_keeps_nobody_waiting(town: DoorTown) -> None:
    subject = town.lodge().subject
    with Stranger(town) as stranger:
        stranger.sign_in("registrar")
        wanted = stranger.ask("muniments.withdraw", subject=subject, reason="x")
        assert wanted is not None
        clerk = threading.Thread(target=town.lodge, daemon=True)
        clerk.start()
        clerk.join(5)
        assert not clerk.is_alive()


def test_failed_of_a_client_is_an_error_of_its_desk_alone(town: DoorTown) -> None:
    """A client that answers with LedgerHalted halts nothing but its own verb."""
    subject = town.lodge().subject
    with Stranger(town) as stranger:
        stranger.sign_in("registrar")
        stranger.ask("muniments.withdraw", subject=subject, reason="x")
        stranger.say(type="failed", name="LedgerHalted", sentence="stop everything")
        answer = stranger.hear()
        assert answer is not None
        assert answer["name"] == "LedgerHalted"
    assert town.lodge().position > 0
