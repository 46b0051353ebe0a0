"""Lines of `--as muniments` made ready for their turn: the body found beside the file, sealed, withheld members salted.

A line that says nothing new is told by a digest of all that it said, body included, which the muniment's own withheld
members keep under `source`: salts make equal lines give unequal entries, so the entries cannot be compared.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import UNSET

from registry.desk.session import Session
from registry.desk.sources import Source, measure
from registry.errors import Malformed, Misuse, NotHeld, Shredded
from registry.loading.loader import Prepared
from registry.loading.rows import MunimentRow, Reject, SourceRow
from registry.records.acts import Row, RowDetails, decode_entry
from registry.records.disclosure import pack, reveal, unpack, withhold
from registry.records.encoding import canonical, to_base64
from registry.records.identifiers import subject_digest
from registry.records.muniment import MunimentKind, SubjectState, Visibility
from registry.records.rows import muniment_details
from registry.records.subject import Last


class Preparer:
    """One load's lines, in order. `sealing=False` tries a load without keeping anything."""

    def __init__(self, session: Session, files: Source, *, sealing: bool = True) -> None:
        self._session, self._files, self._sealing = session, files, sealing
        self._versions: dict[str, int] = {}
        self._said: dict[str, set[str]] = {}

    def prepare(self, number: int, row: SourceRow | MunimentRow) -> Prepared | Reject:
        """The line ready for its turn, or why it cannot be recorded. Its body is sealed and durable when this
        returns."""
        assert isinstance(row, MunimentRow)
        subject = f"muniment/{row.source_id}"
        try:
            return self._prepare(number, row, subject)
        except (Misuse, Malformed) as error:
            return Reject(row.line, None, str(error), _line(row))

    def _prepare(self, number: int, row: MunimentRow, subject: str) -> Prepared:
        last = self._session.services.writer().look(subject)
        state = msgspec.json.decode(last.state, type=SubjectState) if last is not None and last.state else None
        if state is not None and state.custodian != self._session.department:
            raise Misuse(f"{subject} is held by another department: only its own loader adds to it")
        if row.op == "D":
            return self._withdrawal(number, row, subject, last)
        body = None if row.body is None else self._files.body(Path(row.body))
        try:
            content, size = measure(body) if body else (None, 0)
            source = _source(row, content)
            if self._known(subject, source, last):
                return Prepared(number, subject, subject_digest(subject), row.op, b"{}", False, known=True)
            version = self._next(subject, state)
            details = self._details(row, subject, version, (body, size), content, source)
        finally:
            if body is not None:
                body.close()
        self._said.setdefault(subject, set()).add(source)
        return Prepared(number, subject, subject_digest(subject), row.op, canonical(details), False, version=version)

    def _next(self, subject: str, state: SubjectState | None) -> int:
        version = max(self._versions.get(subject, 0), state.version if state else 0) + 1
        self._versions[subject] = version
        return version

    def _withdrawal(self, number: int, row: MunimentRow, subject: str, last: Last | None) -> Prepared:
        if last is None and subject not in self._versions:
            raise Misuse(f"{subject} is withdrawn by this line, but was never recorded here")
        return Prepared(number, subject, subject_digest(subject), row.op, canonical(RowDetails()), False)

    def _details(
        self,
        row: MunimentRow,
        subject: str,
        version: int,
        body: tuple[BinaryIO | None, int],
        content: str | None,
        source: str,
    ) -> RowDetails:
        public = row.visibility == Visibility.PUBLIC
        own: dict[str, str | int] = {}
        if row.body is not None and content is not None:
            own = {
                "file_name": row.body.name,
                "media_type": mimetypes.guess_type(row.body.name)[0] or "application/octet-stream",
            }
        hidden: dict[str, str | int] = {**row.withheld, "source": source}
        if not public and content is not None:
            hidden |= {"content": content, **own}
        sd, disclosures = withhold(hidden, self._session.salts(len(hidden)))
        facts = {**row.details, **own} if public else dict(row.details)
        stream, size = body
        sealed = (
            self._session.services.vault.seal(subject, version, body=stream, size=size, withheld=pack(disclosures))
            if self._sealing
            else UNSET
        )
        return RowDetails(
            sd=sd,
            content=content if public and content is not None else UNSET,
            facts=facts or UNSET,
            kind=MunimentKind(row.kind),
            occurred=row.occurred_at or UNSET,
            vault=sealed,
            version=version,
            visibility=Visibility(row.visibility),
        )

    def _known(self, subject: str, source: str, last: Last | None) -> bool:
        """Whether this very line was recorded before, in this file or the registry."""
        if source in self._said.get(subject, ()):
            return True
        at = None if last is None else last.position
        services = self._session.services
        while at is not None:
            entry = decode_entry(services.log.entry(at))
            details = muniment_details(entry) if isinstance(entry, Row) else RowDetails()
            if details.vault is not UNSET and details.sd is not UNSET:
                try:
                    told = reveal(unpack(services.vault.withheld(details.vault.id)), details.sd)
                except (Shredded, NotHeld):
                    told = {}
                if told.get("source") == source:
                    return True
            at = None if entry.previous is UNSET else entry.previous.position
        return False


def _source(row: MunimentRow, content: str | None) -> str:
    """A digest of all that the line said; equal lines give equal digests, and it stands among the withheld members
    only."""
    said = [row.op, row.kind, row.visibility, row.details, row.withheld, row.occurred_at, content]
    return to_base64(hashlib.sha256(canonical(said)).digest())


def _line(row: MunimentRow) -> bytes:
    members = {
        "id": row.source_id,
        "kind": row.kind,
        "visibility": row.visibility,
        "op": row.op,
        "details": row.details,
        "withheld": row.withheld,
    }
    optional = {"body": None if row.body is None else str(row.body), "occurred_at": row.occurred_at}
    return msgspec.json.encode({**members, **{name: value for name, value in optional.items() if value is not None}})
