"""Keys by which departments' systems sign in: what is taken as one, and how it stands in the ledger.

A key is kept as the required members of its JWK (RFC 7517), so that its id, the thumbprint of RFC 7638, is the SHA-256
of its own canonical JSON and anyone can compute it again:

    {"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    kid kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k

Taken are Ed25519 (EdDSA), EC P-256 (ES256) and RSA from 2,048 bits with an exponent from 65,537 (RS256, RS512, PS256,
PS512). The algorithm is pinned to the key when it is enrolled: what a token's header says is compared, never believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache

import msgspec

from registry.errors import Malformed
from registry.records.encoding import canonical, decode_canonical

CLIENT_KEY = "client key"
"""What a department's key is called in the standing."""

ALGORITHMS: dict[str, tuple[str, ...]] = {
    "OKP": ("EdDSA",),
    "EC": ("ES256",),
    "RSA": ("PS256", "PS512", "RS256", "RS512"),
}
"""The algorithms that a key of each type may be pinned to; the first is what it gets where none is named."""

LEAST_RSA_BITS, MOST_RSA_BITS = 2_048, 8_192
LEAST_EXPONENT = 65_537

_MEMBERS = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1  # FIPS 186-5, curve P-256
_P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key as a row of the standing says it."""

    algorithm: str
    key: dict[str, str]


class ClientKey(msgspec.Struct, frozen=True):
    """A department's key: enrolled by the act at `added`, ended by the one at `revoked`."""

    algorithm: str
    key: dict[str, str]
    kid: str
    added: int = -1
    revoked: int | None = None

    @classmethod
    def of(cls, algorithm: str, key: dict[str, str]) -> ClientKey:
        """The key, if it may be one here. Raises Malformed with what was found and what is expected."""
        _check(key)
        if algorithm not in ALGORITHMS[key["kty"]]:
            able = ", ".join(ALGORITHMS[key["kty"]])
            raise Malformed(f"a key of type {key['kty']} signs with {able}, not with {algorithm[:20]!a}")
        return cls(algorithm, key, thumbprint(key))

    @classmethod
    def kept(cls, text: str, *, added: int, revoked: int | None) -> ClientKey:
        """The key out of a row of the standing. Raises Malformed."""
        algorithm, key, kid = _read(text)
        return cls(algorithm, dict(key), kid, added, revoked)

    def text(self) -> str:
        """The key as a row of the standing says it."""
        return canonical(_Kept(self.algorithm, self.key)).decode()


@lru_cache(maxsize=1_000)  # a text is always the same key, and each question of a department asks for its own
def _read(text: str) -> tuple[str, dict[str, str], str]:
    found = decode_canonical(text.encode(), _Kept, "a department's key")
    return found.algorithm, found.key, thumbprint(found.key)


def is_department(reference: str) -> bool:
    """Whether the reference is a department's, which stands for whoever reads at the gateway with its key."""
    return reference.startswith("department/")


def thumbprint(key: dict[str, str]) -> str:
    """The key's id: SHA-256 over its required members, base64url without padding (RFC 7638, section 3)."""
    return base64.urlsafe_b64encode(hashlib.sha256(canonical(key)).digest()).decode().rstrip("=")


def _check(key: dict[str, str]) -> None:
    kind = key.get("kty", "")
    expected = _MEMBERS.get(kind)
    if expected is None:
        raise Malformed(f"a key of type {kind[:20]!a} is not taken; expected Ed25519, EC P-256 or RSA")
    if tuple(sorted(key)) != expected:
        raise Malformed(
            f"the public key holds {', '.join(sorted(key))[:80]}; expected {', '.join(expected)} and no more"
        )
    match kind:
        case "OKP":
            if key["crv"] != "Ed25519":
                raise Malformed(f"a key on the curve {key['crv'][:20]!a} is not taken; expected Ed25519")
            _number(key, "x", 32)
        case "EC":
            if key["crv"] != "P-256":
                raise Malformed(f"a key on the curve {key['crv'][:20]!a} is not taken; expected P-256")
            x, y = _number(key, "x", 32), _number(key, "y", 32)
            if max(x, y) >= _P256 or (y * y - (x * x * x - 3 * x + _P256_B)) % _P256:
                raise Malformed("the EC key is no point of P-256; ask for another key")
        case _:
            bits, exponent = _number(key, "n").bit_length(), _number(key, "e")
            if not LEAST_RSA_BITS <= bits <= MOST_RSA_BITS:
                raise Malformed(f"an RSA key of {bits:,} bits; expected {LEAST_RSA_BITS:,} to {MOST_RSA_BITS:,}")
            if exponent < LEAST_EXPONENT or exponent % 2 == 0 or exponent.bit_length() > 64:
                raise Malformed(f"an RSA key with the exponent {str(exponent)[:24]}; expected {LEAST_EXPONENT:,}")


def _number(key: dict[str, str], name: str, size_bytes: int | None = None) -> int:
    text = key[name]
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"the member {name} of the public key is not base64url") from error
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != text or (size_bytes is None and raw[:1] in (b"", b"\0")):
        raise Malformed(f"the member {name} of the public key is not written canonically")
    if size_bytes is not None and len(raw) != size_bytes:
        raise Malformed(f"the member {name} of the public key has {len(raw)} bytes, expected {size_bytes}")
    return int.from_bytes(raw, "big")
