"""All of an office's audit in one pass: the ledger's own steps, and beside them tables, vault, mark and catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from registry.desk.audit.beside import Requests, check_loads, check_standing, check_subjects, check_tails
from registry.desk.audit.envelopes import Envelopes, Opener, Vault
from registry.desk.audit.runs import Runs
from registry.desk.audit.tables import Tables
from registry.errors import LedgerHalted, Malformed
from registry.ledger.audit.authority import Judged
from registry.ledger.audit.entries import LoadedRow, MunimentRow, SaleRow
from registry.ledger.audit.fault import Audit, Fault, Findings
from registry.ledger.audit.seals import Claim
from registry.ledger.audit.walk import Progress, Walk
from registry.ledger.note import VerifierKey
from registry.ledger.ports import Mark
from registry.records.acts import Act, Kind, Row, decode_entry
from registry.records.encoding import to_base64
from registry.records.rows import is_sale, muniment_details
from registry.records.standing import Standing


class Difference(Protocol):
    """Where the catalogue and the ledger differ, in words."""

    @property
    def position(self) -> int | None: ...
    @property
    def what(self) -> str: ...


class Beside:
    """Looks on during the pass, and compares what the office keeps beside the entries."""

    def __init__(self, tables: Tables, findings: Findings, envelopes: Envelopes | None) -> None:
        self.requests, self.runs, self.envelopes = Requests(tables, findings), Runs(tables, findings), envelopes

    def act(self, position: int, act: Act, judged: Judged, standing: Standing) -> None:
        """An act as it passes by."""
        self.requests.act(position, act)
        if self.envelopes is not None:
            self.envelopes.act(position, act, judged.details, done=judged.done)
            if act.intent.kind is Kind.READ:
                self.envelopes.reading(position, act, standing)

    def rows(self, first: int, rows: Sequence[LoadedRow | Row], fresh: Sequence[str] | None) -> None:
        """Rows as they pass by: the ids of those of number 1, the envelopes of muniments."""
        if fresh is not None:
            self.runs.fresh(first, fresh)
        else:
            for position, row in enumerate(rows, first):
                if row.number == 1:
                    self.runs.fresh(position, (row.subject,))
        if self.envelopes is not None and not isinstance(rows[0], SaleRow):
            for position, row in enumerate(rows, first):
                self._envelope(self.envelopes, position, row)

    @staticmethod
    def _envelope(envelopes: Envelopes, position: int, row: LoadedRow | Row) -> None:
        if isinstance(row, SaleRow) or is_sale(row.subject):
            return
        try:
            details = row.details if isinstance(row, MunimentRow) else muniment_details(row)
        except Malformed:
            return  # told where the row was read
        envelopes.row(position, row.subject, details.vault, details.version)


def audit(
    tables: Tables,
    *,
    origin: str,
    keys: Sequence[VerifierKey],
    witnesses: Iterable[VerifierKey] = (),
    mark: Mark | None = None,
    vault: Vault | None = None,
    opener: Opener | None = None,
    differences: Iterable[Difference] = (),
    claims: Iterable[Claim] = (),
    tell: Callable[[Fault], None] | None = None,
    progress: Progress = lambda done, total: None,
) -> Audit:
    """Audit a whole registry.

    `keys` are the log's. `mark` is the signer's, None where its folder is not at hand; `vault` is None for the ledger's
    tables alone; `opener` opens readings while the office is open. `differences` are the catalogue's, asked for last
    and outside the snapshot. `claims` are what others hold against the ledger. Faults are values; raises LedgerHalted
    only where the store cannot be read at all.
    """
    findings = Findings(tell)
    marked = _marked(mark, origin, findings)  # before the snapshot: an office may move it meanwhile
    with tables.snapshot():
        _check_mark(mark, origin, tables, findings)
        walk = Walk(
            tables,
            tables,
            origin=origin,
            keys=keys,
            witnesses=witnesses,
            claims=[*claims, *marked],
            findings=findings,
            progress=progress,
        )
        envelopes = None if vault is None else Envelopes(vault, findings, origin=origin, opener=opener)
        _walk_beside(walk, tables, envelopes)
    try:
        for difference in differences:
            findings.checked["differences of the catalogue"] += 1
            subject = _subject(walk, difference.position)
            findings.fault(f"the catalogue: {difference.what}", difference.position, subject)
    except (Malformed, LedgerHalted) as error:
        findings.note(f"the catalogue was not compared to its end: {error}")
    return findings.result(walk.size, to_base64(walk.root))


def _walk_beside(walk: Walk, tables: Tables, envelopes: Envelopes | None) -> None:
    """The pass, and after it the tables that want all of it."""
    findings = walk.findings
    for what in tables.damage():
        findings.fault(f"the ledger's file is damaged: {what}")
    beside = Beside(tables, findings, envelopes)
    walk.run(beside)
    try:
        beside.requests.finish()
        beside.runs.finish()
        check_tails(tables, walk.size, findings)
        check_subjects(tables, walk.links, walk.entry, findings)
        check_standing(tables, walk.authority.standing, findings)
        check_loads(tables, walk.loads, findings)
        if envelopes is not None:
            envelopes.finish()
    except LedgerHalted as error:
        findings.fault(f"what stands beside the ledger cannot be read: {error}")


def _marked(mark: Mark | None, origin: str, findings: Findings) -> list[Claim]:
    """What the signer's mark holds against the ledger."""
    if mark is None:
        findings.note("the signer's mark was not at hand: an old copy cannot be told by this audit")
        return []
    marked = mark.read(origin)
    if marked is None:
        findings.fault(f"the signer holds no mark of {origin}: it was lost, or this signer is another registry's")
        return []
    return [Claim("the signer's mark", marked.size, marked.root)]


def _check_mark(mark: Mark | None, origin: str, tables: Tables, findings: Findings) -> None:
    """The mark is moved before anything is signed, so no checkpoint is ahead of it."""
    sizes = tables.sizes()  # before the mark: an office may seal between the two
    marked = mark.read(origin) if mark is not None else None
    if marked is not None and sizes and sizes[-1] > marked.size:
        findings.fault(
            f"the signer's mark is at size {marked.size}, a checkpoint of size {sizes[-1]} is kept: it was signed past "
            "the mark, or the mark was put back"
        )


def _subject(walk: Walk, position: int | None) -> str | None:
    raw = walk.entry(position) if position is not None and 0 <= position < walk.size else None
    try:
        return decode_entry(raw).subject if raw is not None else None
    except Malformed:
        return None
