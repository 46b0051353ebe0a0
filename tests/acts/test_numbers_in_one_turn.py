"""Acts that share a turn are numbered and linked like any others, and so is what follows them."""

from __future__ import annotations

import uuid
from pathlib import Path

from registry.ledger.audit.evidence import Shelved
from registry.ledger.audit.walk import walk
from registry.records import acts
from registry.records.acts import Kind
from tests.acts.borough import HMLR, Borough
from tests.town import ORIGIN, Town


def test_the_third_act_follows_on_two_that_began_a_subject_in_one_turn(tmp_path: Path) -> None:
    """The turn remembers a subject by its last act, number 2: it must be known to the next turn all the same."""
    borough = Borough(tmp_path)
    lodged = acts.details_of(borough.act(borough.lodge().position).intent)
    assert isinstance(lodged, acts.Lodged)
    subject = f"muniment/{uuid.uuid4()}"
    steps = [lodged, *(acts.Revised(vault=lodged.vault, version=version) for version in (2, 3, 4))]
    proposals = [
        borough.propose("intake-clerk", Kind.LODGED if step is lodged else Kind.REVISED, step, subject, department=HMLR)
        for step in steps
    ]
    assert borough.office.sequencer is not None
    together = borough.office.sequencer.enter_together(proposals[:2])
    after = [borough.enter(proposal) for proposal in proposals[2:]]
    assert [one.number for one in (*together, *after)] == [1, 2, 3, 4]
    borough.close()


def test_the_registry_s_own_history_runs_on_after_the_founding_turn(tmp_path: Path) -> None:
    """FOUNDED and RULES_ADOPTED share the first turn; an act of the same session is the registry's third."""
    town = Town(tmp_path)
    assert town.desk("founder").officers.adopt_mark("the signer's disk was lost").number == 3
    store = town.office.store
    assert walk(Shelved(store), store, origin=ORIGIN, keys=town.office.keys).faults == ()
    town.close()


def test_two_proposals_of_one_key_in_one_turn_are_one_act(tmp_path: Path) -> None:
    borough = Borough(tmp_path)
    lodged = acts.details_of(borough.act(borough.lodge().position).intent)
    proposal = borough.propose("intake-clerk", Kind.LODGED, lodged, f"muniment/{uuid.uuid4()}", department=HMLR)
    assert borough.office.sequencer is not None
    size = borough.size
    first, second = borough.office.sequencer.enter_together([proposal, proposal])
    assert first == second
    assert borough.size == size + 1
    borough.close()
