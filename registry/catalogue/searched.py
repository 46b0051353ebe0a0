"""The words under which an entry is found: what it says in clear, and the digests of what it does not say."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from registry.errors import Malformed
from registry.records.encoding import from_base64
from registry.records.muniment import MunimentKind, Visibility

Facts = dict[str, str | int] | UnsetType


def searched_text(kind: MunimentKind, visibility: Visibility, occurred: str | UnsetType, facts: Facts) -> str:
    """The searchable text: kind, date, then the clear details in the order of their names; of `own` the kind alone."""
    if visibility is Visibility.OWN:
        return kind.value
    words = [kind.value] if occurred is UNSET else [kind.value, occurred]
    if facts is not UNSET:
        words.extend(str(value) for value in facts.values())
    return " ".join(words)


def digest_word(digest: bytes) -> str:
    """The word under which an entry's digest (32 bytes) is found; one that nobody types by chance."""
    return f"sha256{digest.hex()}"


def digest_words(content: str | UnsetType, sd: tuple[str, ...] | UnsetType) -> str:
    """Words for the body's digest where it stands in clear, and for the salted digests of withheld members: who holds
    a disclosure or a public body can ask whether it is registered, and nobody else learns anything by them."""
    given = [] if content is UNSET else [content]
    given += () if sd is UNSET else [each.replace("-", "+").replace("_", "/") + "=" for each in sd]
    words = []
    for each in given:
        try:
            words.append(digest_word(from_base64(each, 32)))
        except Malformed:  # total, whatever the entry holds
            continue
    return "".join(f" {word}" for word in words)
