"""Step 5 of the audit, the tables: what stands beside the ledger against what its entries give.

Tails, request keys, subjects, runs, standing and loads are kept so that a turn need not read the ledger. All of them
follow from the entries, so each row is built again and compared; what no entry supports is named with its holder and
position, a role row added by SQL as well as one that was taken away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from registry.desk.audit.tables import Tables
from registry.errors import Malformed
from registry.ledger.audit.fault import Findings
from registry.ledger.audit.links import Links
from registry.ledger.audit.loads import Load, Loads
from registry.ledger.merkle import leaf_hash
from registry.ledger.tiles import WIDTH, unframe
from registry.records.acts import Act, decode_entry
from registry.records.encoding import canonical
from registry.records.identifiers import subject_digest
from registry.records.loads import Load as KeptLoad
from registry.records.loads import LoadState
from registry.records.muniment import SubjectState
from registry.records.standing import Standing
from registry.records.subject import Last

PARTS = ("recorded", "already", "changed", "withdrawn", "rejected")

Read = Callable[[int], bytes | None]
"""The entry's bytes at a position."""


class Requests:
    """Request rows, held against the acts as they pass by in order."""

    def __init__(self, tables: Tables, findings: Findings) -> None:
        self._rows, self._findings = tables.request_rows(), findings
        self._next = next(self._rows, None)

    def act(self, position: int, act: Act) -> None:
        """An act has exactly one row: its key, its position, the digest of its intent."""
        self._strays(position)
        if self._next is None or self._next[1] != position:
            self._findings.fault(
                f"the request row of position {position} is missing: the office did not write the entry, or the row "
                "was taken away",
                position,
                act.subject,
            )
            return
        key, _, digest = self._next
        self._next = next(self._rows, None)
        self._findings.checked["request rows"] += 1
        if key != act.intent.key or digest != hashlib.sha256(canonical(act.intent)).digest():
            which = "key" if key != act.intent.key else "digest"
            self._findings.fault(
                f"the request row of position {position} has another {which} than the intent in the entry",
                position,
                act.subject,
            )

    def finish(self) -> None:
        """What is left belongs to no act."""
        self._strays(None)

    def _strays(self, position: int | None) -> None:
        while self._next is not None and (position is None or self._next[1] < position):
            if not self._findings.lost(self._next[1]):
                self._findings.fault(
                    f"a request row names position {self._next[1]} for the key {self._next[0][:40]!a}; no such act is",
                    self._next[1],
                )
            self._next = next(self._rows, None)


def check_tails(tables: Tables, size: int, findings: Findings) -> None:
    """Each tail row begins where the one before it ends; the first at the last multiple of 256."""
    expected = size // WIDTH * WIDTH
    for start, body in tables.tail_rows():
        findings.checked["tail rows"] += 1
        if start != expected:
            findings.fault(
                f"a tail row begins at position {start}; the entries in order say {expected}", min(start, size - 1)
            )
        try:
            expected = start + len(unframe(body))
        except Malformed:
            return  # told where the entries were read


def check_subjects(tables: Tables, links: Links, entry: Read, findings: Findings) -> None:
    """Each subject with an act, or with more than one row, has one row: its last entry, number, leaf hash and state."""
    left = dict.fromkeys(links.last)
    untold: set[str] = set()
    encoded: dict[SubjectState | None, bytes] = {None: b""}
    for digest, row in tables.subject_rows():
        findings.checked["subject rows"] += 1

        def wrong(what: str, row: Last = row) -> None:
            findings.fault(f"the subject row of {row.reference} {what}", row.position, row.reference)

        if findings.lost(row.position):
            untold.add(row.reference)
            continue
        if row.position not in left:
            wrong(f"says that its last entry is at position {row.position}; no such entry is the last on a subject")
            continue
        del left[row.position]
        raw = entry(row.position)
        if raw is None or row.position in findings.damaged:
            continue
        found = decode_entry(raw)
        state = links.last[row.position]
        if state not in encoded:
            encoded[state] = canonical(state)
        if row.reference != found.subject:
            wrong(f"names position {row.position}, where {found.subject} stands")
        elif digest != subject_digest(row.reference):
            wrong("stands under another digest than its own")
        elif row.number != found.number:
            wrong(f"says number {row.number}; the entry at position {row.position} says {found.number}")
        elif row.leaf != leaf_hash(raw):
            wrong(f"has another leaf hash than the tree at position {row.position}; the tree agrees with the entry")
        elif row.state != encoded[state] and not links.untold(row.position):
            stored = row.state[:200].decode("utf-8", "replace")
            wrong(f"has the state {stored}; the entries give {encoded[state].decode()}")
    for position in left:
        raw = entry(position)
        subject = decode_entry(raw).subject if raw is not None and position not in findings.damaged else None
        if subject not in untold:
            findings.fault(
                f"the subject row of {subject} is missing; its last entry is at position {position}", position, subject
            )


def check_standing(tables: Tables, standing: Standing, findings: Findings) -> None:
    """Every role, key, department and whatever waits: exactly what the acts gave."""
    expected = {(row.holder, row.what, row.value, row.position): row for row in standing.rows()}
    for row in tables.standing_rows():
        findings.checked["standing rows"] += 1
        if findings.lost(row.position) or (row.ended is not None and findings.lost(row.ended)):
            expected.pop((row.holder, row.what, row.value, row.position), None)
            continue
        told = f"{row.holder} has {row.what} {row.value[:60]!a} since position {row.position}"
        given = expected.pop((row.holder, row.what, row.value, row.position), None)
        if given is None:
            findings.fault(f"the standing says that {told}: no entry supports it", row.position, row.holder)
        elif given != row:
            findings.fault(
                f"the standing says that {told}, until {row.until}, ended by {row.ended}; the entries say until "
                f"{given.until}, ended by {given.ended}",
                row.position,
                row.holder,
            )
    for row in expected.values():
        findings.fault(
            f"the standing lacks that {row.holder} has {row.what} {row.value[:60]!a} since position {row.position}, as "
            "the entries say",
            row.position,
            row.holder,
        )


def check_loads(tables: Tables, loads: Loads, findings: Findings) -> None:
    """Each load's row, as far as entries say it: they do not say how long the rejects file was, nor, of a load that is
    still open, how many rows were known already, rejected or flagged."""
    left = dict(loads.all)
    for position, digest, state, body in tables.load_rows():
        findings.checked["load rows"] += 1
        load = left.pop(position, None)
        if findings.lost(position, (load.last if load and load.last else position) + 1):
            continue
        if load is None:
            findings.fault(f"a load row stands at position {position}, where no load was opened", position)
            continue
        try:
            kept = msgspec.msgpack.decode(body, type=KeptLoad)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            findings.fault(f"the row of load/{position} cannot be read ({error})", position, f"load/{position}")
            continue
        wrong = sorted(set(_differing(load, kept, digest, state, body)))
        if wrong:
            findings.fault(
                f"the row of load/{position} differs from the entries in {', '.join(wrong)}",
                position,
                f"load/{position}",
            )
    for position in left:
        findings.fault(f"the row of load/{position} is missing", position, f"load/{position}")


def _differing(load: Load, kept: KeptLoad, digest: str, state: str, body: bytes) -> Iterator[str]:
    """The members of a load's row that are not what the entries give."""
    closing = load.closing
    given = {
        "position": load.position,
        "file_digest": load.opened.file,
        "file": load.opened.name,
        "dialect": load.opened.dialect,
        "officer": load.officer,
        "department": load.department,
        "state": LoadState.OPEN if closing is None else LoadState(closing.outcome),
        "entries": load.entries,
        "edge": load.grown().to_bytes(),
        "first": load.first,
        "last": load.last,
        "opened_at": load.opened_at,
        "closed": load.closed,
        "next_row": kept.counts.rows + 1,
    }
    yield from (name for name, value in given.items() if getattr(kept, name) != value)
    counts = msgspec.structs.asdict(kept.counts)
    entered = {"recorded": load.ops["A"], "changed": load.ops["C"], "withdrawn": load.ops["D"]}
    if counts != {**counts, **entered, **(closing.counts if closing else {})}:
        yield "counts"
    if kept.next_row <= load.row:
        yield "next_row"
    if counts["rows"] != sum(counts[name] for name in PARTS):
        yield "counts"
    if (kept.rejects_bytes > 0) != (counts["rejected"] > 0):
        yield "rejects_bytes"
    if (digest, state) != (kept.file_digest, kept.state):
        yield "its columns"
    if msgspec.msgpack.encode(kept) != body:
        yield "its form"
