"""The counter for muniments: lodge, revise, withdraw, and open a body again."""

from __future__ import annotations

import hashlib
import mimetypes
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

from msgspec import UNSET

from registry.desk.lookups import Lookups
from registry.desk.session import Session
from registry.errors import Misuse, NotHeld, Refused, Stale, Unproven
from registry.records.acts import Kind, Lodged, Revised, Withdrawn
from registry.records.disclosure import pack, withhold
from registry.records.encoding import to_base64
from registry.records.envelope import Sealed
from registry.records.muniment import MunimentKind, SubjectState, Visibility, check_details
from registry.records.text import check_text
from registry.sequencer import Recorded

READ_BYTES = 1 << 20
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Document:
    """A body to be lodged: a seekable stream of known size (bytes), its file name, and what kind of file it is."""

    stream: BinaryIO
    size: int
    name: str

    @property
    def media_type(self) -> str:
        """From the name alone; what cannot be told is an octet-stream."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the details of a version hold once its body is sealed."""

    sealed: Sealed
    sd: tuple[str, ...]
    facts: dict[str, str | int]
    content: str | None


class _Checked:
    """A stream that must give the same bytes as when it was first read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.sha = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.sha.update(chunk)
        return chunk


class Muniments:
    """Bodies are sealed and durable in the vault before the act; a body without an act is harmless and swept later."""

    def __init__(self, session: Session, lookups: Lookups) -> None:
        self._session, self._lookups = session, lookups

    def lodge(
        self,
        document: Document,
        kind: MunimentKind,
        *,
        details: Mapping[str, str | int] | None = None,
        withheld: Mapping[str, str | int] | None = None,
        visibility: Visibility = Visibility.OWN,
        occurred: str | None = None,
        subject: str | None = None,
    ) -> Recorded:
        """A new muniment, version 1. `details` stand in clear, `withheld` as salted digests.

        Raises Misuse (input), Refused (recorded), Busy.
        """
        random = self._session.services.random
        subject = subject or f"muniment/{uuid.UUID(bytes=random(16), version=4)}"
        prepared = self._prepare(subject, 1, document, details or {}, withheld or {}, visibility)
        act = Lodged(
            kind=kind,
            vault=prepared.sealed,
            version=1,
            visibility=visibility,
            sd=prepared.sd or UNSET,
            content=prepared.content or UNSET,
            facts=prepared.facts or UNSET,
            occurred=occurred or UNSET,
        )
        return self._enter(Kind.LODGED, act, subject, prepared.sealed)

    def revise(
        self,
        subject: str,
        document: Document,
        *,
        details: Mapping[str, str | int] | None = None,
        withheld: Mapping[str, str | int] | None = None,
        version: int | None = None,
    ) -> Recorded:
        """The next version, body and details anew; `version` is the one you looked at (default: the newest).

        Raises Stale when somebody revised meanwhile; Refused, NotHeld, Misuse, Busy.
        """
        state = self._lookups.state(subject)
        seen = state.version if version is None else version
        if seen != state.version:
            raise Stale(f"{subject} is at version {state.version}, you looked at {seen}; look again, then revise")
        prepared = self._prepare(subject, seen + 1, document, details or {}, withheld or {}, state.visibility)
        act = Revised(
            vault=prepared.sealed,
            version=seen + 1,
            sd=prepared.sd or UNSET,
            content=prepared.content or UNSET,
            facts=prepared.facts or UNSET,
        )
        return self._enter(Kind.REVISED, act, subject, prepared.sealed)

    def withdraw(self, subject: str, reason: str) -> Recorded:
        """Take it out of use; body, versions and proofs stay. Raises Refused, NotHeld, Misuse, Busy."""
        if not reason.strip():
            raise Misuse("a withdrawal wants a reason: say why in a sentence")
        check_text("reason", reason, MAX_REASON)
        self._lookups.state(subject)
        return self._session.act(Kind.WITHDRAWN, Withdrawn(reason=reason), subject)

    def open(self, subject: str, sink: BinaryIO, *, version: int | None = None, purpose: str = "office") -> str:
        """Write a version's body to `sink` (default: the newest); returns its file name.

        Unless the muniment is public, the reading is recorded, durable, before the first byte. Raises NotHeld, Refused.
        """
        held = self._lookups.version(subject, version)
        state: SubjectState = held.state
        if state.visibility is not Visibility.PUBLIC:
            self._session.read(subject, f"body of version {held.number}", purpose)
        services = self._session.services
        services.vault.open(held.sealed.id, sink)
        return str(self._lookups.disclosed(held).get("file_name", "body"))

    def _enter(self, kind: Kind, act: Lodged | Revised, subject: str, sealed: Sealed) -> Recorded:
        try:
            return self._session.act(kind, act, subject)
        except (Refused, NotHeld, Misuse, Unproven) as error:
            if not isinstance(error, Refused) or error.position is None:  # not even a refusal names this envelope
                self._session.services.vault.discard(sealed.id)
            raise

    def _prepare(
        self,
        subject: str,
        version: int,
        document: Document,
        details: Mapping[str, str | int],
        withheld: Mapping[str, str | int],
        visibility: Visibility,
    ) -> _Prepared:
        self._session.services.writer()
        check_details(details)
        check_details(withheld, "withheld detail")
        doubled = sorted(set(details) & set(withheld))
        if doubled:
            raise Misuse(f"{doubled[0]!a} is given both in clear and withheld; choose one")
        check_text("file name", document.name, 255)
        sha = hashlib.sha256()
        while chunk := document.stream.read(READ_BYTES):
            sha.update(chunk)
        document.stream.seek(0)
        content = to_base64(sha.digest())
        own = {"file_name": document.name, "media_type": document.media_type}
        public = visibility is Visibility.PUBLIC
        hidden = dict(withheld) if public else {**withheld, "content": content, **own}
        sd, disclosures = withhold(hidden, self._session.salts(len(hidden)))
        checked = _Checked(document.stream)
        sealed = self._session.services.vault.seal(
            subject,
            version,
            body=cast(BinaryIO, checked),
            size=document.size,
            withheld=pack(disclosures) if disclosures else b"",
        )
        if checked.sha.digest() != sha.digest():
            self._session.services.vault.discard(sealed.id)
            raise Misuse(f"{document.name}: changed while it was read; nothing recorded, try again")
        facts = {**details, **own} if public else dict(details)
        return _Prepared(sealed, sd, facts, content if public else None)
