"""References: what an entry is about, written the same everywhere.

    muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10    a document under custody (uuid4, lower case)
    sale/5BBE9CB3-6332-4EB0-9CD3-8737CEA4A65A        a sale record (the publisher's id, UPPER CASE)
    officer/3   department/HMLR   load/1412          who, where, and the load opened at position 1412
    registry                                         the registry itself: founding, rules, mark

Bare digits are a position in the ledger, never a reference.
"""

from __future__ import annotations

import hashlib
import re
import struct

from registry.errors import Malformed, Misuse

REGISTRY = "registry"

_FORMS = {
    "muniment": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "sale": re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"),
    "officer": re.compile(r"[1-9][0-9]{0,9}"),
    "department": re.compile(r"[A-Z][A-Z0-9-]{0,15}"),
    "load": re.compile(r"0|[1-9][0-9]{0,15}"),
}
_INT64 = struct.Struct(">q")
_POSITION = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_ORIGIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


def check_reference(text: str) -> str:
    """The reference itself, or Malformed with a sentence that shows the accepted forms."""
    if text == REGISTRY:
        return text
    noun, slash, rest = text.partition("/")
    form = _FORMS.get(noun)
    if not slash or form is None:
        raise Malformed(
            f"{text[:80]!a} is not a reference; expected one like muniment/<uuid>, sale/<UUID>, officer/3 or load/1412"
        )
    if not form.fullmatch(rest):
        raise Malformed(f"{text[:80]!a} is not a {noun} id; expected {_example(noun)}")
    return text


def _example(noun: str) -> str:
    return {
        "muniment": "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10 (a uuid of version 4, lower case)",
        "sale": "sale/5BBE9CB3-6332-4EB0-9CD3-8737CEA4A65A (a UUID, upper case)",
        "officer": "officer/3",
        "department": "department/HMLR (capitals, digits and hyphens, at most 16)",
        "load": "load/1412",
    }[noun]


def parse_position(text: str) -> int | None:
    """The position, or None where the text is not bare digits in canonical form."""
    return int(text) if _POSITION.fullmatch(text) else None


def check_department(code: str) -> str:
    """A department's code: capitals, digits and hyphens, at most 16."""
    if not _FORMS["department"].fullmatch(code):
        raise Misuse(
            f"{code[:40]!a} is not a department's code; expected capitals, digits and hyphens, at most 16, like HMLR"
        )
    return code


def check_origin(text: str) -> str:
    """A ledger's origin: host and path without scheme and closing slash, at most 255 bytes (C2SP tlog-checkpoint)."""
    if len(text) > 255 or not _ORIGIN.fullmatch(text):
        raise Misuse(
            f"{text[:80]!a} is not an origin; expected a host and path without scheme, like registry.example/land"
        )
    return text


def subject_digest(reference: str) -> int:
    """The first 8 bytes of the reference's SHA-256 as a signed 64-bit integer: a narrow key, not unique, confirmed
    on the entry."""
    digest: int = _INT64.unpack_from(hashlib.sha256(reference.encode()).digest())[0]
    return digest
