"""What an office that writes has besides: the lock, the log's keys and the mark, the writer's thread, and sealing and
projecting beside it. An office that only reads has none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from registry.errors import Busy, LedgerHalted, Misuse
from registry.ledger.cosignature import Signer
from registry.ledger.merkle import EMPTY_ROOT
from registry.ledger.note import ED25519, MLDSA44_COSIGNATURE, VerifierKey
from registry.ledger.ports import Head, MarkedHead
from registry.ledger.sealer import Sealer, check_mark
from registry.office.beside import Beside, Riding
from registry.office.keyring import Keyring
from registry.office.stores import Stores
from registry.sequencer import Courtesy, Milestone, Sequencer
from registry.storage.lock import OfficeLock
from registry.storage.signer import OfficeKeys
from registry.storage.signer import Signer as SignerFolder


class Writing:
    """Held from opening to closing, by one process. `untidy`: something is left for the next opening to mend."""

    def __init__(
        self,
        stores: Stores,
        beside: Beside,
        signer: SignerFolder,
        keys: OfficeKeys,
        lock: OfficeLock,
        *,
        verified_by: Sequence[VerifierKey],
        clock: Callable[[], int],
        milestone: Milestone,
        courtesy: Courtesy,
        adopting: bool,
    ) -> None:
        """`verified_by` are the log's public keys; `adopting`: the signer's mark was lost, and is to be begun anew."""
        self._stores, self._beside, self._lock = stores, beside, lock
        self._keys, self._verified_by, self._origin = keys, tuple(verified_by), verified_by[0].name
        self._clock, self._milestone, self._courtesy = clock, milestone, courtesy
        self.mark = signer.restore_mark_file() if adopting else signer.mark()
        self.keyring = Keyring(signer, keys, self._origin, milestone)
        self.sequencer: Sequencer | None = None
        self.untidy = False

    # ---- the mark ----

    def begin_mark(self) -> None:
        """The mark of a registry just founded."""
        self.mark.move(None, MarkedHead(self._origin, 0, EMPTY_ROOT, self._clock()))
        self._milestone("mark moved")

    def check_mark(self) -> None:
        """LedgerHalted unless the ledger carries on from what this signer signed."""
        check_mark(self._stores.log, self.mark.read(self._origin), self._stores.ledger.head(), self._origin)

    def check_unmarked(self) -> None:
        """Misuse where there is a mark."""
        if self.mark.read(self._origin) is not None:
            raise Misuse("this signer holds a mark already; only a lost one is adopted anew")

    def adopt_mark(self, head: Head) -> None:
        """A new mark, at that head."""
        self.mark.adopt(MarkedHead(self._origin, head.size, head.root, self._clock()))
        self._milestone("mark adopted")

    # ---- from start to end ----

    def start(self, *, sealing: bool) -> None:
        """The writer's thread, and beside it sealing (not while a mark is yet to be adopted) and projecting."""
        signers = (
            Signer(self._origin, ED25519, self._keys.log_seed),
            Signer(self._origin, MLDSA44_COSIGNATURE, self._keys.log_mldsa_seed),
        )
        if tuple(signer.vkey for signer in signers) != self._verified_by:
            raise LedgerHalted(
                "the signer's secret keys are not those of its public file log.pub: do not use this signer"
            )
        store = self._stores.ledger
        self.sequencer = Sequencer(
            store,
            self._stores.log,
            origin=self._origin,
            clock=self._clock,
            committed=self._beside.committed,
            milestone=self._milestone,
            courtesy=self._courtesy,
        )
        sealer = Sealer(
            store,
            Riding(store, self.sequencer),
            self.mark,
            origin=self._origin,
            signers=signers,
            keys=self._verified_by,
            clock=self._clock,
            milestone=self._milestone,
        )
        self._beside.start(sealer, self.sequencer.halt, sealing=sealing)

    def finish(self) -> None:
        """Record what waits, make it searchable, seal it."""
        self.stop()
        with suppress(Busy):  # storage is full: what is recorded is projected and sealed when the office opens
            self._beside.catch_up()
            self._beside.seal()

    def stop(self) -> None:
        """Record what waits, and nothing after it."""
        if self.sequencer is not None:
            self.sequencer.close()

    def let_go(self, *, in_order: bool) -> None:
        """Stop the threads, close the files, let go of the lock; `in_order`: nothing is left to mend."""
        self._beside.stop()
        with suppress(Busy):
            if in_order:
                self._stores.checkpoint_ledger(all_of_it=True)
        self._stores.close()
        self.mark.close()
        if in_order and not self.untidy and not self._stores.vault.unclaimed:
            self._lock.release()
        else:
            self._lock.abandon()
