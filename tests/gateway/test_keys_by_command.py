"""`muniment department key …` and what `muniment token` refuses before it asks anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from registry.commands import run
from tests.town import Town

PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry, and keys of each kind."""
    tmp_path = tmp_path_factory.mktemp("place")
    town = Town(tmp_path)
    town.desk("founder").officers.add_department("POL", "Police")
    town.close()
    keys: dict[str, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey] = {
        "ed": ed25519.Ed25519PrivateKey.generate(),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "rsa": rsa.generate_private_key(65_537, 2_048),
        "three": rsa.generate_private_key(3, 2_048),
    }
    for name, key in keys.items():
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (tmp_path / f"{name}.pem").write_bytes(private)
        public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pub").write_bytes(public)
    (tmp_path / "phrase").write_text("founder's\n")
    (tmp_path / "phrase").chmod(0o600)
    return tmp_path


@pytest.fixture
def place(founded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder; its registry's founder gives the commands."""
    for name, value in (
        ("REGISTRY", founded / "data"), ("OFFICER", "founder"), ("PASSPHRASE_FILE", founded / "phrase")
    ):  # fmt: skip
        monkeypatch.setenv(f"MUNIMENT_{name}", str(value))
    return founded


def test_keys_are_added_listed_and_revoked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add = ["department", "key", "add", "POL"]
    assert run([*add, str(place / "ed.pub")]) == 0
    assert "(EdDSA) of POL" in capsys.readouterr().out
    assert run([*add, str(place / "rsa.pub"), "--algorithm", "RS512"]) == 0
    assert run([*add, str(place / "ec.pub")]) == 0
    assert run([*add, str(place / "ed.pub")]) == 1, "the same key twice"
    capsys.readouterr()
    assert run(["department", "key", "list", "POL", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["algorithm"] for one in listed] == ["EdDSA", "RS512", "ES256"]
    assert run(["department", "key", "revoke", "POL", listed[0]["kid"], "--reason", "lost"]) == 0
    assert run(["department", "key", "revoke", "POL", listed[0]["kid"], "--reason", "lost"]) == 1
    capsys.readouterr()
    assert run(["department", "key", "list", "POL"]) == 0
    assert "revoked at" in capsys.readouterr().out.splitlines()[0]
    assert run(["audit"]) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("key", "add", "POL", "ed.pem"), "holds a private key, which stays with its owner"),
        (("key", "add", "POL", "p384.pub"), "expected a key for Ed25519, EC P-256 or RSA"),
        (("key", "add", "POL", "phrase"), "no public key in PEM"),
        (("key", "add", "POL", "nowhere"), "cannot be read"),
        (("key", "add", "POL", "ed.pub", "--algorithm", "RS256"), "expected EdDSA for this key"),
        (("key", "add", "pol", "ed.pub"), "is not a department's code"),
        (("key", "revoke", "POL", "x", "--reason", " "), "wants a reason"),
        (("key", "list", "../x"), "is not a department's code"),
    ],
)
def test_what_is_no_key_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    given = [
        str(place / word) if ("." in word and "/" not in word) or word in ("phrase", "nowhere") else word
        for word in words
    ]
    assert run(["department", *given]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_an_rsa_key_with_the_exponent_three_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["department", "key", "add", "POL", str(place / "three.pub")]) != 0
    assert "exponent 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("http://registry.example", 2, "in the clear"),
        ("file:///etc/passwd", 2, "expected an address"),
        ("registry.example", 2, "expected an address"),
        ("http://[::1", 2, "is not an address"),
        ("http://127.0.0.1:9", 4, "cannot be reached"),
    ],
)
def test_a_token_is_asked_only_where_it_is_safe(
    place: Path, capsys: pytest.CaptureFixture[str], url: str, code: int, sentence: str
) -> None:
    assert run(["token", "--client", "POL", "--key", str(place / "ed.pem"), "--url", url]) == code
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("file", ["ed.pub", "phrase", "three.pem", "p384.pem"])
def test_a_token_wants_a_private_key_that_may_be_one(
    place: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    given = ["token", "--client", "POL", "--key", str(place / file), "--url", "http://127.0.0.1:9"]
    assert run(given) == 2
    assert "key file" in capsys.readouterr().err
