"""The only writer: a fair queue, and the turn. Decide → append → commit; then answer.

    proposal   an act that waits for its turn, and what is answered
    ports      what is asked of the ledger's store
    memory     what is true as of the last commit, dropped after any doubt
    work       one turn's decisions, act by act or a batch of rows, and their writing
    writer     the queue and the thread
    courtesy   questions go before loads

A turn takes what waited during the last commit: up to 4,096 acts, or one batch of a load. After each batch whatever
acts wait go first, so a clerk never waits for more than one. No database is written before every act of the turn is
decided, so an act that fails leaves nothing behind; any exception rolls the turn back and drops memory: a faulty state
is never continued.
"""

from registry.sequencer.courtesy import Courtesy
from registry.sequencer.ports import Milestone
from registry.sequencer.proposal import Proposal, Recorded
from registry.sequencer.work import Batch, Filled, Work, closing
from registry.sequencer.writer import Sequencer

__all__ = ["Batch", "Courtesy", "Filled", "Milestone", "Proposal", "Recorded", "Sequencer", "Work", "closing"]
