"""The operator who is not honest: he holds the database, the log's keys and the mark of a registry.

He rewrites history consistently, forks it, rolls it back, drops and reorders entries, writes past the office, and
changes single bits. What he does not hold is the key of an officer, unless one is given to him. The honest part, a
`Registry` with people in it, is in `tests/honest.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import msgspec
from msgspec import UNSET, UnsetType

from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import seal
from registry.ledger.edge import Edge
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash
from registry.ledger.tiles import WIDTH, frame
from registry.records.acts import Act, Lodged, Previous, Row, decode_entry, details_of, link
from registry.records.encoding import canonical, to_base64
from registry.records.identifiers import subject_digest
from registry.records.muniment import Status, SubjectState
from registry.sequencer import Proposal
from registry.storage import sqlite
from registry.storage.ledger import LedgerStore
from tests.honest import ORIGIN, SIGNERS, START_MS


class Operator:
    """The dishonest one. He has the file, the log's keys and the mark; of officers' keys only those he is given."""

    refused = apsw.ConstraintError
    """What a unique key of the database answers to a change that it does not allow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = apsw.Connection(str(folder / "ledger.db"))
        for (name,) in self.sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.sql(f"DROP TRIGGER {name}")

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """What a database administrator does behind the office's back."""
        return self.connection.execute(statement, values).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def entries(self) -> list[bytes]:
        """All of them, in order."""
        database = sqlite.open_database(self.folder / "ledger.db", read_only=True)
        try:
            log = Log(LedgerStore(database))
            return list(log.entries(0, log.head().size))
        finally:
            database.close()

    # ---- history, written again ----

    def sizes(self) -> list[int]:
        """Sizes of the checkpoints that were sealed."""
        return [size for (size,) in self.sql("SELECT size FROM checkpoint ORDER BY size")]

    def publish(self, entries: Sequence[bytes], sizes: Iterable[int] | None = None, *, sign: bool = True) -> bytes:
        """Make this the ledger, consistently: bundles, tails, tiles, head, checkpoints signed again, the mark moved.

        `sizes` are those at which he seals (those of before, and the end). Returns the root.
        """
        sealed = {size for size in (self.sizes() if sizes is None else sizes) if size <= len(entries)} | {len(entries)}
        leaves = [leaf_hash(entry) for entry in entries]
        edge, tiles = Edge().grow(leaves)
        whole = len(entries) // WIDTH * WIDTH
        with self.connection:
            for table in ("bundle", "tail", "tile"):
                self.sql(f"DELETE FROM {table}")
            for at in range(0, whole, WIDTH):
                self.sql("INSERT INTO bundle VALUES (?, ?)", at // WIDTH, frame(entries[at : at + WIDTH]))
            if whole < len(entries):
                self.sql("INSERT INTO tail VALUES (?, ?)", whole, frame(entries[whole:]))
            for level, n, body in tiles:
                self.sql("INSERT INTO tile VALUES (?, ?, ?)", level, n, body)
            self.sql("UPDATE head SET size = ?, root = ?, edge = ?", len(entries), edge.root(), edge.to_bytes())
            if sign:
                self.sql("DELETE FROM checkpoint")
                for size in sorted(sealed):
                    note = self.checkpoint(size, Edge().grow(leaves[:size])[0].root())
                    self.sql("INSERT INTO checkpoint VALUES (?, ?, ?)", size, note, note)
        if sign:
            self.move_mark(len(entries), edge.root())
        return edge.root()

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """A checkpoint of whatever he likes, signed with the log's true keys."""
        return seal(Checkpoint(ORIGIN, size, root), SIGNERS, START_MS // 1000).to_bytes()

    def move_mark(self, size: int, root: bytes) -> None:
        """Set the signer's mark by hand."""
        mark = apsw.Connection(str(self.folder / "signer" / "mark.db"))
        mark.execute("UPDATE mark SET size = ?, root = ?", (size, root))
        mark.close()

    def rewrite(self, position: int, change: Callable[[bytes], bytes]) -> bytes:
        """Change one entry; all later links that lead over it are mended. Returns the new root."""
        entries = self.entries()
        before = leaf_hash(entries[position])
        entries[position] = change(entries[position])
        self.mend_links(entries, {before: leaf_hash(entries[position])})
        return self.publish(entries)

    @staticmethod
    def mend_links(entries: list[bytes], changed: dict[bytes, bytes]) -> None:
        """Follow the links: who named a changed hash names the new one, and is changed by that in turn."""
        for at, raw in enumerate(entries):
            entry = decode_entry(raw)
            if entry.previous is UNSET:
                continue
            for old, new in list(changed.items()):
                if entry.previous.hash == to_base64(old):
                    mended = Previous(hash=to_base64(new), position=entry.previous.position)
                    entries[at] = canonical(msgspec.structs.replace(entry, previous=mended))
                    changed[leaf_hash(raw)] = leaf_hash(entries[at])

    # ---- past the office ----

    def composed(self, proposal: Proposal, **members: Any) -> Act:
        """The proposal as the next entry, as the sequencer would write it; `members` are what he wants otherwise."""
        entries = self.entries()
        intent = proposal.intent
        subject = f"load/{len(entries)}" if intent.subject is UNSET else intent.subject
        last = next((at for at in reversed(range(len(entries))) if decode_entry(entries[at]).subject == subject), None)
        number = 1
        previous: Previous | UnsetType = UNSET
        if last is not None:
            number, previous = decode_entry(entries[last]).number + 1, link(last, leaf_hash(entries[last]))
        act = Act(
            at=decode_entry(entries[-1]).at + 1,
            intent=intent,
            number=number,
            subject=subject,
            v=1,
            previous=previous,
            signature=to_base64(proposal.signature),
        )
        return msgspec.structs.replace(act, **members)

    def append(self, *more: Act | Row | bytes) -> int:
        """Write entries behind the office's back, tree and signatures in order; returns the position of the first."""
        entries = self.entries()
        first = len(entries)
        entries += [one if isinstance(one, bytes) else canonical(one) for one in more]
        self.publish(entries)
        return first

    def book(self, position: int, act: Act) -> None:
        """Write beside the ledger what the office would have written for a deed lodged: request row and subject row."""
        raw, details = canonical(act), details_of(act.intent)
        assert isinstance(details, Lodged)
        custodian = act.intent.department
        state = SubjectState(custodian, details.kind, Status.CURRENT, details.version, details.visibility)
        digest = sha256(canonical(act.intent)).digest()
        self.sql("INSERT INTO request VALUES (?, ?, ?)", act.intent.key, position, digest)
        row = (subject_digest(act.subject), act.subject, position, act.number, leaf_hash(raw), canonical(state))
        self.sql("INSERT INTO subject VALUES (?, ?, ?, ?, ?, ?)", *row)

    # ---- single bits ----

    def flip(self, table: str, column: str, where: str, bit: int) -> None:
        """Change one bit of one value: of bytes, of text (as UTF-8), or of a number."""
        ((value, kind),) = self.sql(f"SELECT {column}, typeof({column}) FROM {table} WHERE {where}")
        if kind == "integer":
            self.sql(f"UPDATE {table} SET {column} = ? WHERE {where}", value ^ 1 << bit % 62)
            return
        raw = bytearray(value.encode() if kind == "text" else value)
        raw[bit // 8 % len(raw)] ^= 1 << bit % 8
        cast = "CAST(? AS TEXT)" if kind == "text" else "?"
        self.sql(f"UPDATE {table} SET {column} = {cast} WHERE {where}", bytes(raw))
