"""The counter for loads: recognise a file, try it without recording, load it, go on after an interruption."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, Literal, cast

import msgspec

from registry.desk.bodies import Preparer
from registry.desk.session import Session
from registry.desk.sources import FileSource, Source, source_digest
from registry.errors import Malformed, Misuse, NotPermitted, Refused
from registry.loading import json_lines, price_paid
from registry.loading.dry_run import dry_run
from registry.loading.loader import Loader, Prepared, prepare_sale, said_before
from registry.loading.rejects import Kept, Rejects
from registry.loading.rows import MunimentRow, Reject, SourceRow
from registry.records.acts import Kind, LoadOpened
from registry.records.encoding import to_base64
from registry.records.loads import Counts, Load, LoadState
from registry.records.muniment import SubjectState
from registry.records.roles import Scope, Verb
from registry.records.text import check_text
from registry.sequencer import closing

SALES, MUNIMENTS = "sales", "muniments"
HEAD_BYTES = 65_536

Reader = Callable[[BinaryIO], Iterator[SourceRow | MunimentRow | Reject]]


class LoadReport(msgspec.Struct, frozen=True):
    """What a load did. rows = recorded + already + changed + withdrawn + rejected; flagged overlaps; positions of
    its rows."""

    file: str
    rows: int
    recorded: int
    already: int
    changed: int
    withdrawn: int
    rejected: int
    flagged: int
    first: int | None
    last: int | None
    seconds: float
    rows_per_second: float
    load: str = ""
    dialect: str = ""
    rejects: str = ""
    known_before: bool = False


class LoadProgress(msgspec.Struct, frozen=True):
    """How far a load is, or a dry run, which reads twice: `share` of the bytes read, 0 to 1; the counts so far; seconds
    since it began."""

    share: float
    counts: Counts
    seconds: float


Told = Callable[[LoadProgress], None]


class Loads:
    """Loads run at the desk of a loader: LOAD_OPENED, rows in batches, LOAD_CLOSED."""

    def __init__(self, session: Session, milestone: Callable[[str], None] = lambda name: None) -> None:
        self._session, self._milestone = session, milestone

    def list(self) -> tuple[Load, ...]:
        """Every load, oldest first. Raises NotPermitted."""
        self._session.permit(Verb.LOAD_READ)
        return tuple(sorted(self._session.services.store.loads(), key=lambda load: load.position))

    def recognise(self, path: Path | Source, form: str = SALES) -> str:
        """The dialect of the file. Raises Misuse naming what was found."""
        source = _source(path)
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
        try:
            return json_lines.recognise(head) if form == MUNIMENTS else price_paid.recognise(head)
        except Malformed as error:
            raise Misuse(f"{source.name}: {error}") from error

    def load(
        self,
        path: Path | Source,
        form: str = SALES,
        *,
        rejects: Path | Callable[[], Kept] | None = None,
        told: Told = lambda progress: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> LoadReport:
        """Load the file, or go on with it; a file that was loaded before records nothing.

        Raises Misuse (not readable, not a dialect we know), Refused (recorded), Busy, LedgerHalted.
        """
        began = perf_counter()
        source = _source(path)
        dialect = self.recognise(source, form)
        services = self._session.services
        digest = source_digest(source)
        done = [load for load in services.store.loads(digest) if load.state is LoadState.FINISHED]
        if done:
            rows = done[-1].counts.rows
            return _report(source.name, done[-1], Counts(rows=rows, already=rows), began, known=True)
        name = source.name
        check_text("file name", name, 255)
        load = self._open(digest, name, dialect)
        with source.open() as stream, _kept(source, rejects) as kept:
            kept.truncate(load.rejects_bytes)
            counted = _Counted(stream)
            preparer = Preparer(self._session, source) if form == MUNIMENTS else None
            loader = Loader(
                services.writer(),
                load,
                kept,
                preparer.prepare if preparer else self._sale,
                milestone=self._milestone,
                courtesy=services.courtesy,
                stopped=stopped,
            )
            size = max(source.size(), 1)

            def report(counts: Counts) -> None:
                told(LoadProgress(min(counted.read_bytes / size, 1.0), counts, perf_counter() - began))

            load = loader.run(_reader(form)(cast(BinaryIO, counted)), report)
            interrupted = stopped()
        if load.rejects_bytes == 0:
            kept.drop()
        if interrupted:
            return _report(name, load, load.counts, began, rejects=kept.path)
        if counted.digest() != digest:
            load = self._close(load, "STOPPED")
            raise Misuse(
                f"{name}: changed while it was loaded; load/{load.position} was stopped after {load.counts.rows} rows"
            )
        load = self._close(load, "FINISHED")
        services.caught_up()
        return _report(name, load, load.counts, began, rejects=kept.path)

    def dry_run(
        self, path: Path | Source, form: str = SALES, *, told: Told = lambda progress: None
    ) -> tuple[LoadReport, tuple[Reject, ...]]:
        """What `load` would report, nothing recorded; with the first 1,000 rejects. The file is read twice; `told` is
        called during both readings, and what it raises ends them."""
        began = perf_counter()
        file = _source(path)
        dialect = self.recognise(file, form)
        self._session.permit(Verb.LOAD_RUN, self._session.department)
        services = self._session.services
        rejects: list[Reject] = []
        size, readings = max(2 * file.size(), 1), list[_Counted]()

        def source() -> Iterator[Prepared | Reject]:
            # Asked twice, so with a memory of its own each time: what the first pass saw is not "already there".
            preparer = Preparer(self._session, file, sealing=False) if form == MUNIMENTS else None
            prepare = preparer.prepare if preparer else self._sale
            with file.open() as stream:
                readings.append(_Counted(stream))
                for number, row in enumerate(_reader(form)(cast(BinaryIO, readings[-1])), 1):
                    yield row if isinstance(row, Reject) else prepare(number, row)

        def report(counts: Counts) -> None:
            share = sum(reading.read_bytes for reading in readings) / size
            told(LoadProgress(min(share, 1.0), counts, perf_counter() - began))

        counts = dry_run(
            source,
            services.writer().look,
            services.log,
            self._session.department,
            rejected=lambda reject: rejects.append(reject) if len(rejects) < 1_000 else None,
            report=report,
        )
        load = Load(0, "", file.name, dialect, self._session.officer, self._session.department)
        return _report(file.name, load, counts, began, dry=True), tuple(rejects)

    def _sale(self, number: int, row: SourceRow | MunimentRow) -> Prepared | Reject:
        """A sale's row; one that another department holds is not ours to change."""
        assert isinstance(row, SourceRow)
        prepared = prepare_sale(number, row)
        services = self._session.services
        last = services.writer().look(prepared.subject, prepared.digest)
        if last is None or not last.state:
            return prepared
        held = msgspec.json.decode(last.state, type=SubjectState).custodian
        if held == self._session.department:
            return prepared
        size = services.head().size
        if said_before(services.log, size, (), last.position, prepared.op, prepared.details):
            prepared.known = True
            return prepared
        return Reject(
            row.line,
            None,
            f"{prepared.subject} is held by {held}: only its loader adds to it",
            price_paid.original(row),
        )

    def _open(self, digest: str, name: str, dialect: str) -> Load:
        """The load of that file: a new LOAD_OPENED, or the one that was interrupted.

        One whose loader may not go on with it any more stays open, and stands in nobody's way.
        """
        services, session = self._session.services, self._session
        for load in services.store.loads(digest):
            if load.state is not LoadState.OPEN:
                continue
            if load.officer != session.officer:
                if not self._may_go_on(load):
                    continue
                raise NotPermitted(
                    f"load/{load.position} of {name} was begun by {load.officer}, who has to go on with it"
                )
            if load.dialect != dialect:
                raise Refused(f"load/{load.position} of {name} was begun as {load.dialect}; load it as that")
            return load
        load = Load(0, digest, name, dialect, session.officer, session.department)
        recorded = session.act(Kind.LOAD_OPENED, LoadOpened(dialect=dialect, file=digest, name=name), None)
        self._milestone("load opened")
        return msgspec.structs.replace(load, position=recorded.position, opened_at=recorded.at)

    def _may_go_on(self, load: Load) -> bool:
        standing, at = self._session.services.standing(), self._session.services.clock()
        officer = standing.officer(load.officer)
        if officer is None or officer.revoked is not None:
            return False
        return standing.reach(load.officer, Verb.LOAD_RUN, at) is not Scope.NEVER

    def _close(self, load: Load, outcome: Literal["FINISHED", "STOPPED"]) -> Load:
        recorded = self._session.act(Kind.LOAD_CLOSED, closing(load, outcome), f"load/{load.position}")
        self._milestone("load closed")
        return msgspec.structs.replace(load, state=LoadState(outcome), closed=recorded.position)


class _Counted:
    """A stream that knows how many bytes were read of it, and their digest: what was loaded is what was signed for."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.read_bytes = stream, 0
        self._sha = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.read_bytes += len(chunk)
        self._sha.update(chunk)
        return chunk

    def digest(self) -> str:
        """Base64 SHA-256 of what was read."""
        return to_base64(self._sha.digest())


def _reader(form: str) -> Reader:
    return json_lines.read if form == MUNIMENTS else price_paid.read


def _source(path: Path | Source) -> Source:
    return FileSource(path) if isinstance(path, Path) else path


def _kept(source: Source, rejects: Path | Callable[[], Kept] | None) -> Kept:
    """Opened only once the load is: one that is refused leaves no file."""
    if rejects is None and isinstance(source, FileSource):
        rejects = source.rejects()
    if rejects is None:
        raise Misuse(f"{source.name}: say where rejected rows go")
    return Rejects(rejects) if isinstance(rejects, Path) else rejects()


def _report(
    name: str,
    load: Load,
    counts: Counts,
    began: float,
    *,
    rejects: Path | None = None,
    known: bool = False,
    dry: bool = False,
) -> LoadReport:
    seconds = max(perf_counter() - began, 1e-9)
    return LoadReport(
        file=name,
        **msgspec.structs.asdict(counts),
        first=None if known else load.first,
        last=None if known else load.last,
        seconds=round(seconds, 3),
        rows_per_second=round(counts.rows / seconds, 1),
        load="" if dry else f"load/{load.position}",
        dialect=load.dialect,
        rejects=str(rejects) if rejects and counts.rejected else "",
        known_before=known,
    )
