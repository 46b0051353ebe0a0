"""What is no message of the door is told so and left; nobody else notices, and the office goes on."""

from __future__ import annotations

import random
import struct
import time

import msgspec
import pytest

from registry import errors
from registry.door import frames
from registry.door.frames import MAX_FRAME_BYTES, VERSION, Failed, failure, raise_again
from registry.errors import Busy, Malformed, Refused, RegistryError
from tests.door.behind import DoorTown
from tests.door.knocking import Stranger


def serves(town: DoorTown) -> None:
    """The office answers somebody honest, at once."""
    began = time.perf_counter()
    assert town.desk("intake-clerk").status().size > 0
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x00\x00\x00\x00", id="an empty frame"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
        pytest.param(struct.pack(">I", MAX_FRAME_BYTES + 1), id="a frame too long by one"),
        pytest.param(b"\xff\xff\xff\xff", id="a frame of 4 GiB"),
        pytest.param(struct.pack(">I", 1) + b"\xc1", id="a byte that MessagePack does not know"),
        pytest.param(struct.pack(">I", 5) + b"\xdd\xff\xff\xff\xff", id="an array of 2^32 - 1"),
        pytest.param(struct.pack(">I", 200_000) + b"\x91" * 200_000, id="nested 200,000 deep"),
    ],
)
def test_what_is_no_frame_is_refused(town: DoorTown, body: bytes) -> None:
    with Stranger(town) as stranger:
        stranger.raw(body)
        answer = stranger.hear()
        assert answer is not None
        assert (answer["type"], answer["name"]) == ("failed", "Malformed")
        assert stranger.hear() is None
    serves(town)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ask", "verb": "status", "arguments": {}},
        {"type": "sign-in", "officer": "officer/1"},
        {"type": "hello", "version": "1"},
        {"type": "hello", "version": 1, "more": 1},
        {"type": "welcome", "version": 1, "origin": "x"},
        {"type": "nothing"},
        {},
    ],
    ids=str,
)
def test_nothing_is_answered_before_hello(town: DoorTown, message: dict[str, object]) -> None:
    with Stranger(town) as stranger:
        stranger.say(**message)
        answer = stranger.hear()
        assert answer is not None
        assert (answer["type"], answer["name"]) == ("failed", "Malformed")


def test_nothing_is_answered_before_signing_in(town: DoorTown) -> None:
    with Stranger(town) as stranger:
        stranger.greet()
        answer = stranger.ask("status")
        assert answer is not None
        assert (answer["type"], answer["name"]) == ("failed", "Malformed")
        assert stranger.hear() is None


def test_another_version_is_told_which_is_spoken(town: DoorTown) -> None:
    with Stranger(town) as stranger:
        stranger.say(type="hello", version=VERSION + 1)
        answer = stranger.hear()
        assert answer is not None
        assert answer["name"] == "Misuse"
        assert f"version {VERSION}" in answer["sentence"]


def test_a_thousand_random_streams_stop_nothing(town: DoorTown) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(1_000):
        with Stranger(town) as stranger:
            if chance.random() < 0.5:
                stranger.greet()
            body = chance.randbytes(chance.randrange(64))
            stranger.raw(struct.pack(">I", len(body)) + body if chance.random() < 0.8 else body)
    serves(town)


def test_a_frame_that_is_dripped_is_left_in_time(town: DoorTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not make the time begin anew; meanwhile the others are served."""
    monkeypatch.setattr(frames, "FRAME_S", 0.5)
    with Stranger(town) as stranger:
        stranger.greet()
        stranger.raw(struct.pack(">I", 1_000))
        began = time.perf_counter()
        stranger.socket.settimeout(0.05)
        heard: bytes | None = None
        while heard is None and time.perf_counter() - began < 10:
            try:
                stranger.raw(b"x")
                heard = stranger.socket.recv(1)
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                heard = b""
        assert heard == b""
        assert time.perf_counter() - began < 5
    serves(town)


def test_every_error_travels_as_its_class_and_fields() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, RegistryError)]
    assert len(kinds) == 20
    for kind in kinds:
        error = kind("a sentence ␛", rule="a-rule", position=7) if issubclass(kind, Refused) else kind("a sentence ␛")
        crossed = msgspec.msgpack.decode(msgspec.msgpack.encode(failure(error)), type=Failed)
        with pytest.raises(kind) as caught:
            raise_again(crossed)
        assert type(caught.value) is kind
        assert str(caught.value) == str(error)
        assert vars(caught.value) == vars(error)


def test_an_error_of_a_later_program_is_an_error_still() -> None:
    with pytest.raises(RegistryError, match="some sentence"):
        raise_again(Failed("NotYetKnown", "some sentence"))


def test_an_officer_has_at_most_so_many_desks(town: DoorTown) -> None:
    held = []
    for _ in range(16):
        stranger = Stranger(town)
        seated = stranger.sign_in("reader")
        assert seated is not None
        assert seated["type"] == "seated"
        held.append(stranger)
    with Stranger(town) as one_more:
        answer = one_more.sign_in("reader")
        assert answer is not None
        assert (answer["name"], "16 desks open" in answer["sentence"]) == (Busy.__name__, True)
    serves(town)
    for stranger in held:
        stranger.socket.close()


def test_malformed_arguments_are_told_and_the_desk_goes_on(town: DoorTown) -> None:
    with Stranger(town) as stranger:
        stranger.sign_in("intake-clerk")
        for arguments in ({}, {"text": 1}, {"text": "x", "limit": "5"}, {"text": "x", "viewer": "all"}):
            answer = stranger.ask("lookups.find", **arguments)
            assert answer is not None
            assert (answer["type"], answer["name"]) == ("failed", Malformed.__name__)
        answer = stranger.ask("lookups.find", text="deed")
        assert answer is not None
        assert answer["type"] == "answer"
