"""One turn's work: decide on acts or fill a batch of rows, on memory plus what was decided so far; then write all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
from msgspec import UNSET

from registry.errors import KeyReused, LedgerHalted, Misuse, NotPermitted, Refused
from registry.ledger.known import Run, pack_run
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash
from registry.ledger.ports import Head
from registry.ledger.tiles import WIDTH, Edge, frame
from registry.records import rules
from registry.records.acts import (
    REFUSED,
    Act,
    Confirmed,
    Details,
    Entry,
    Intent,
    Kind,
    LoadClosed,
    LoadOpened,
    decode_entry,
    details_of,
    link,
)
from registry.records.clients import is_department
from registry.records.encoding import MAX_ENTRY_BYTES, canonical, to_base64
from registry.records.identifiers import subject_digest
from registry.records.loads import Load, LoadState
from registry.records.muniment import SubjectState
from registry.records.roles import Verb
from registry.records.standing import StandingRow
from registry.records.subject import Last
from registry.sequencer.memory import Memory, find_last, load_of
from registry.sequencer.ports import Store, WritingTurn
from registry.sequencer.proposal import Proposal, Recorded, check_form

_state_decoder = msgspec.json.Decoder(SubjectState)


@dataclass(slots=True)
class Filled:
    """What a batch of a load adds: entries with their leaf hashes in order, ids of number 1 as (digest, position),
    subject rows as (digest, last entry), the load moved on."""

    entries: list[bytes]
    leaves: list[bytes]
    fresh: list[tuple[int, int]]
    subjects: list[tuple[int, Last]]
    load: Load


class Batch(Protocol):
    """One batch of a load: asked inside the turn what it adds."""

    load: Load

    def fill(self, work: Work) -> Filled: ...


class Work:
    """One turn. Nothing is written before `write`; memory stays as it was."""

    def __init__(self, store: Store, log: Log, memory: Memory, now: int) -> None:
        self.log, self.head = log, memory.head
        self.at = max(now, memory.last_at)
        self.entries: list[bytes] = []
        self._store, self._memory = store, memory
        self._standing = memory.standing.copy()
        self._leaves: list[bytes] = []
        self._requests: dict[str, tuple[int, bytes]] = {}
        self._subjects: dict[str, Last] = {}
        self._begun: list[int] = []  # digests of subjects on which an act of this turn is the first entry
        self._rows: list[StandingRow] = []
        self._loads: dict[int, Load] = {}
        self._fresh: list[tuple[int, int]] = []

    @property
    def position(self) -> int:
        """Where the next entry goes."""
        return self.head.size + len(self.entries)

    def last(self, reference: str, digest: int | None = None) -> Last | None:
        """The last entry on the subject, with what this turn did."""
        return self._subjects.get(reference) or find_last(self._store, self.log, self._memory, reference, digest)

    def _entry(self, position: int) -> Entry:
        here = position - self.head.size
        return decode_entry(self.entries[here] if here >= 0 else self.log.entry(position, self.head.size))

    def _load(self, position: int) -> Load:
        return self._loads.get(position) or load_of(self._store, position)

    # ---- acts ----

    def enter(self, proposal: Proposal, key: str) -> Recorded:
        """Decide on one act and add its entry. `key` is the one (base64; of a department its id) by which its
        signature was verified.

        Raises Refused, with its position where the refusal was added as an entry; NotHeld, KeyReused, Malformed,
        Misuse: nothing was added.
        """
        intent = proposal.intent
        digest = hashlib.sha256(canonical(intent)).digest()
        earlier = self._requests.get(intent.key) or self._store.request(intent.key)
        if earlier is not None:
            return self._again(intent, digest, earlier)
        details = details_of(intent)
        check_form(proposal, details)
        self._check_key(proposal, details, key)
        subject = intent.subject if intent.subject is not UNSET else f"load/{self.position}"
        if isinstance(details, LoadClosed):
            self._check_closing(details, subject)
        last = self.last(subject)
        case = self._case(proposal, details, subject, last)
        refusal: Refused | None = None
        try:
            decision = rules.decide(case)
        except Refused as error:
            refusal, decision = error, rules.Decision(rule=error.rule)
        act = Act(
            at=self.at,
            intent=intent,
            number=case.number,
            subject=subject,
            v=1,
            sd=proposal.sd,
            outcome=REFUSED if refusal else UNSET,
            previous=link(last.position, last.leaf) if last else UNSET,
            rule=decision.rule or UNSET,
            signature=UNSET if intent.kind is Kind.READ else to_base64(proposal.signature),
            vault=proposal.sealed,
        )
        position = self._add(act, last, decision)
        self._requests[intent.key] = (position, digest)
        if refusal is not None:
            refusal.position = position
            raise refusal
        self._move_load(position, details, proposal)
        return Recorded(position, subject, case.number, self.at, intent.kind, decision.rule)

    def _check_key(self, proposal: Proposal, details: Details, key: str) -> None:
        if is_department(proposal.officer):
            client = self._standing.client(proposal.intent.department, key)
            in_force: object = client.kid if client is not None and client.revoked is None else None
        else:
            enrolled = self._standing.officer(proposal.officer)
            in_force = enrolled.key if enrolled else self._standing.founding_key() or getattr(details, "key", None)
        if in_force != key:
            raise NotPermitted(f"the key of {proposal.officer} is not the one that signed", rule="key-in-force")

    def _case(self, proposal: Proposal, details: Details, subject: str, last: Last | None) -> rules.Case:
        concerned = self.last(proposal.concerning) if proposal.concerning is not None else last
        return rules.Case(
            intent=proposal.intent,
            details=details,
            officer=proposal.officer,
            subject=subject,
            position=self.position,
            at=self.at,
            standing=self._standing,
            state=_state_decoder.decode(concerned.state) if concerned is not None and concerned.state else None,
            number=last.number + 1 if last else 1,
            proposal=self._awaited(details),
            load=self._load_facts(proposal.intent, subject),
            fields=proposal.fields,
        )

    def _add(self, act: Act, last: Last | None, decision: rules.Decision) -> int:
        entry = canonical(act)
        if len(entry) > MAX_ENTRY_BYTES:
            raise Misuse(
                f"the act would take {len(entry)} bytes in the ledger, at most {MAX_ENTRY_BYTES}; "
                "put what is large into the body"
            )
        position, leaf = self.position, leaf_hash(entry)
        self.entries.append(entry)
        self._leaves.append(leaf)
        kept = last.state if last else b""
        state = canonical(decision.state) if decision.state is not None else kept
        if last is None:
            self._begun.append(subject_digest(act.subject))
        self._subjects[act.subject] = Last(act.subject, position, act.number, leaf, state)
        self._standing.apply(decision.added, decision.ended, position)
        self._rows += [*decision.added, *(msgspec.structs.replace(row, ended=position) for row in decision.ended)]
        return position

    def _again(self, intent: Intent, digest: bytes, earlier: tuple[int, bytes]) -> Recorded:
        """The answer to a request key that was used before."""
        position, known = earlier
        if digest != known:
            raise KeyReused(
                f"the request key {intent.key[:40]} was used for other content (position {position})",
                rule="request-key",
            )
        entry = self._entry(position)
        if not isinstance(entry, Act):
            raise LedgerHalted(f"the request key of an act leads to position {position}, which is none: run an audit")
        rule = entry.rule if entry.rule is not UNSET else ""
        if entry.outcome is not UNSET:
            told = f"this was refused before, at position {position}, by the rule {rule}"
            raise Refused(told, rule=rule, position=position)
        return Recorded(position, entry.subject, entry.number, entry.at, entry.intent.kind, rule)

    def _awaited(self, details: Details) -> rules.Proposed | None:
        if not isinstance(details, Confirmed) or not self._standing.awaited(details.confirms):
            return None
        return rules.proposed(details.confirms, self._entry(details.confirms))

    # ---- loads ----

    def _load_facts(self, intent: Intent, subject: str) -> rules.LoadFacts | None:
        noun, _, number = subject.partition("/")
        if intent.kind is not Kind.LOAD_CLOSED or noun != "load":
            return None
        load = self._loads.get(int(number)) or self._store.load(int(number))
        return None if load is None else rules.LoadFacts(load.officer, load.department, load.closed is None)

    def _check_closing(self, details: LoadClosed, subject: str) -> None:
        """A closing must say what the rows beside the ledger came to; one that does not is a fault of the desk."""
        noun, _, number = subject.partition("/")
        load = self._store.load(int(number)) if noun == "load" else None
        if load is None or load.closed is not None:
            return  # the rule has the sentence
        if details != closing(load, details.outcome):
            raise Misuse(f"{subject}: its closing does not agree with the {load.entries} rows that were recorded")

    def _move_load(self, position: int, details: Details, proposal: Proposal) -> None:
        """The row beside the ledger that an opening makes and a closing ends: from the act alone."""
        match details:
            case LoadOpened():
                self._loads[position] = Load(
                    position=position,
                    file_digest=details.file,
                    file=details.name,
                    dialect=details.dialect,
                    officer=proposal.officer,
                    department=proposal.intent.department,
                    opened_at=self.at,
                )
            case LoadClosed():
                load = self._load(int(str(proposal.intent.subject).partition("/")[2]))
                state = LoadState(details.outcome)
                self._loads[load.position] = msgspec.structs.replace(load, state=state, closed=position)

    def fill(self, batch: Batch) -> Filled:
        """One batch of rows: the loader's key and role are asked again, for each. Raises NotPermitted."""
        load = batch.load
        officer = self._standing.officer(load.officer)
        if officer is None or officer.revoked is not None:
            raise NotPermitted(
                f"{load.officer} was revoked: load/{load.position} stops at row {load.next_row}", rule="key-revoked"
            )
        rules.permit(self._standing, officer, Verb.LOAD_RUN, load.department, self.at)
        filled = batch.fill(self)
        self.entries, self._leaves, self._fresh = filled.entries, filled.leaves, filled.fresh
        self._subjects = {last.reference: last for _, last in filled.subjects}
        self._loads[load.position] = filled.load
        return filled

    # ---- writing ----

    def write(self, turn: WritingTurn) -> Memory:
        """Write everything into the turn, the head last; returns what memory is once the turn has committed."""
        if not self.entries and not self._loads:
            return self._memory
        old, memory = self.head, self._memory
        edge, filled_tiles = old.edge.grow(self._leaves)
        tail = self._write_entries(turn)
        for level, n, body in filled_tiles:
            turn.put_tile(level, n, body)
        turn.put_requests((key, position, digest) for key, (position, digest) in self._requests.items())
        turn.put_subjects((subject_digest(reference), last) for reference, last in self._subjects.items())
        run = None
        if self._fresh:
            first = self._fresh[0][1]
            run = Run(first, pack_run(first, self._fresh))
            turn.put_run(first, run.count, run.to_bytes())
        turn.put_standing(self._rows)
        for load in self._loads.values():
            turn.put_load(load)
        head = Head(old.size + len(self.entries), edge.root(), edge, old.epoch)
        turn.move_head(old, head)
        # A turn that is rolled back after this leaves digests in the filter: each costs a look, never a wrong answer,
        # and memory is dropped with it.
        memory.known.note(self._begun)
        if run is not None:
            memory.known.add(run)
        return Memory(head, tail, self._standing, memory.known, self.at)

    def _write_entries(self, turn: WritingTurn) -> list[bytes]:
        """Bundles that became full, and the new part of the tail; returns the whole tail."""
        entries = self._memory.tail + self.entries
        start = self.head.size - len(self._memory.tail)
        whole = len(entries) // WIDTH * WIDTH
        for at in range(0, whole, WIDTH):
            turn.put_bundle((start + at) // WIDTH, frame(entries[at : at + WIDTH]))
        tail = entries[whole:]
        fresh = min(len(tail), len(self.entries))
        if fresh:
            turn.put_tail(self.position - fresh, frame(tail[len(tail) - fresh :]))
        return tail


def closing(load: Load, outcome: Literal["FINISHED", "STOPPED"]) -> LoadClosed:
    """What the act that closes the load has to say: counts, and the root over its rows' leaf hashes, in row order."""
    return LoadClosed(
        counts=msgspec.structs.asdict(load.counts),
        outcome=outcome,
        root=to_base64(Edge.from_bytes(load.entries, load.edge).root()),
        first=UNSET if load.first is None else load.first,
        last=UNSET if load.last is None else load.last,
    )
