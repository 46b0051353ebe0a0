"""The counter where one looks things up: histories and their links, what is missing, search, what stands now."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.desk.views import Entries
from registry.errors import LedgerHalted, Malformed, Misuse, NotHeld, NotPermitted
from registry.office import Office
from registry.records.acts import decode_entry
from registry.records.muniment import Visibility
from registry.sequencer import Recorded
from tests.acts.examination import Intruder
from tests.town import Town, document

FIXTURES = Path(__file__).parents[2] / "fixtures"
CLERK = "intake-clerk"


@pytest.fixture(scope="module")
def town(kind_of_town: type[Town], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    found = kind_of_town(folder).staff()
    for name in ("differing.csv", "adds.csv", "changes.csv", "deletes.csv", "mangled.csv", "empty-postcodes.csv"):
        found.desk("loader").loads.load(Path(shutil.copy(FIXTURES / name, folder / name)))
    yield found
    found.close()


def deed_of_three(town: Town) -> tuple[str, list[Recorded]]:
    """A deed with three acts, others between them."""
    acts = [town.lodge(visibility=Visibility.PUBLIC)]
    subject = acts[0].subject
    for number in (2, 3):
        town.lodge()
        acts.append(town.desk(CLERK).muniments.revise(subject, document(f"version {number}"), details={"title": "K2"}))
    return subject, acts


# ---- history ----


def test_a_history_has_every_act_with_its_number_and_a_link_that_agrees_with_the_tree(town: Town) -> None:
    subject, acts = deed_of_three(town)
    views = town.office.public().lookups.history(subject)
    assert [(view.number, view.position, view.kind, view.link) for view in views] == [
        (1, acts[0].position, "LODGED", None),
        (2, acts[1].position, "REVISED", True),
        (3, acts[2].position, "REVISED", True),
    ]
    assert [view.previous and view.previous["position"] for view in views] == [
        None,
        *(one.position for one in acts[:2]),
    ]
    assert town.office.public().lookups.gaps(views) == ()


def test_a_missing_number_shows(town: Town) -> None:
    subject, acts = deed_of_three(town)
    lookups = town.office.public().lookups
    first, _, third = lookups.history(subject)
    assert lookups.gaps((first, third)) == (f"number 2 is missing before number 3 (position {acts[2].position})",)
    assert lookups.gaps((third,)) == (f"number 1 is missing before number 3 (position {acts[2].position})",)


def test_a_link_that_does_not_agree_with_the_tree_shows(tmp_path: Path) -> None:
    """Somebody changed the first entry together with its tiles and left the link alone; readers beside see it."""
    town = Town(tmp_path).staff()
    subject, acts = deed_of_three(town)
    town.close()
    intruder = Intruder(town.settings.registry)
    entries = intruder.entries()
    entries[acts[0].position] = entries[acts[0].position].replace(b"K871204", b"K871205")
    intruder.publish(entries, sign=False)
    intruder.close()
    with Office.reading(town.settings) as beside:
        lookups = beside.public().lookups
        assert lookups.gaps(lookups.history(subject)) == (
            f"number 2 (position {acts[1].position}): its link does not agree with the tree",
        )
    with pytest.raises(LedgerHalted, match="its history was rewritten"):
        town.open()


def test_an_act_left_out_of_the_ledger_shows(tmp_path: Path) -> None:
    """The whole ledger written again without it: the numbers of what is left do not run on."""
    town = Town(tmp_path).staff()
    subject, acts = deed_of_three(town)
    town.close()
    intruder = Intruder(town.settings.registry)
    entries = intruder.entries()
    left = entries[: acts[1].position] + entries[acts[1].position + 1 :]
    intruder.publish(left, sign=False)
    intruder.close()
    with Office.reading(town.settings) as beside:
        entries_left = Entries(beside.services)
        positions = [at for at, raw in enumerate(left) if decode_entry(raw).subject == subject]
        views = [entries_left.view(position) for position in positions]
        assert [view.number for view in views] == [1, 3]
        wrong = beside.public().lookups.gaps(tuple(views))
        assert wrong[0].startswith("number 2 is missing before number 3")


def test_a_refusal_stands_in_the_history_of_what_it_was_tried_on(town: Town) -> None:
    subject = town.lodge().subject
    with pytest.raises(NotPermitted, match="you may not withdraw"):
        town.desk(CLERK).muniments.withdraw(subject, "no right")
    last = town.desk("reader").lookups.history(subject)[-1]
    assert (last.kind, last.outcome, last.rule, last.number) == ("WITHDRAWN", "REFUSED", "role:muniment.withdraw", 2)
    assert town.desk("reader").lookups.show(subject).status == "CURRENT"


def test_a_sale_goes_through_three_files_and_its_history_says_which(town: Town) -> None:
    """A → C → D: added, changed, withdrawn; each row names its load, and the state is that of the last."""
    public = town.office.public()
    entries = [decode_entry(raw) for raw in town.office.log.entries(0, town.office.store.head().size)]
    withdrawn = [one.subject for one in entries if one.subject.startswith("sale/") and one.number == 3]
    views = public.lookups.history(withdrawn[0])
    assert [view.kind for view in views] == ["SALE_RECORD"] * 3
    assert len({view.load for view in views}) == 3
    assert public.lookups.gaps(views) == ()
    shown = public.lookups.show(withdrawn[0])
    assert (shown.status, shown.custodian, shown.visibility) == ("WITHDRAWN", "HMLR", "public")
    assert shown.attribution is not None
    assert shown.attribution.startswith("Contains HM Land Registry data © Crown copyright and database right ")


def test_what_is_odd_about_a_row_is_told(town: Town) -> None:
    public, entries = town.office.public(), town.office.log.entries(0, town.office.store.head().size)
    rows = {one.subject: one for one in map(decode_entry, entries) if one.subject.startswith("sale/")}
    flags = {view.flag for subject in rows for view in public.lookups.history(subject)}
    assert {None, "sources differ", "earlier version not held"} <= flags


# ---- search ----


def test_a_search_finds_whole_words_in_clear_details_and_addresses_newest_first(town: Town) -> None:
    subject = town.lodge(details={"title": "ZX55501", "parish": "Nether Wallop"}).subject
    desk = town.desk("police-reader")
    assert [view.subject for view in desk.lookups.find("nether zx55501")] == [subject]
    assert desk.lookups.find("nether zx99999") == ()
    found = desk.lookups.find("deed")
    assert [view.position for view in found] == sorted((view.position for view in found), reverse=True)
    assert town.office.public().lookups.find("zx55501") == ()


def test_a_search_goes_on_behind_the_last_one_of_the_page_before(town: Town) -> None:
    desk = town.desk("reader")
    whole = desk.lookups.find("deed", limit=6)
    assert desk.lookups.find("deed", limit=3) + desk.lookups.find("deed", limit=3, after=whole[2].position) == whole


@pytest.mark.parametrize(
    "text", ["%", "_", "a%", "'; DROP TABLE record; --", '"', "(((", "NEAR(a b)", "a*b", "\x00", "-"]
)
def test_what_is_typed_is_searched_for_and_never_obeyed(town: Town, text: str) -> None:
    assert isinstance(town.office.public().lookups.find(text), tuple)


@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_a_search_for_nothing_is_refused(town: Town, text: str) -> None:
    with pytest.raises(Misuse, match="nothing to find"):
        town.office.public().lookups.find(text)


def test_withheld_details_are_found_by_nobody(town: Town) -> None:
    town.lodge(withheld={"proprietor": "Quillfeather"})
    for desk in (town.desk(CLERK), town.desk("auditor"), town.office.public()):
        assert desk.lookups.find("quillfeather") == ()
        assert desk.lookups.find("proprietor") == ()


# ---- what stands now ----


@pytest.mark.parametrize("reference", ["muniment/../../x", "%2e%2e", "muniment/", "sale/1", "17", "", "muniment/\x00"])
def test_what_is_no_reference_is_told_so(town: Town, reference: str) -> None:
    for ask in (town.desk("reader").lookups.show, town.desk("reader").lookups.history):
        with pytest.raises(Malformed, match=r"is not a (reference|muniment id|sale id)"):
            ask(reference)


def test_what_is_absent_is_not_held(town: Town) -> None:
    for reference in ("muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10", "officer/99", "department/NHS", "load/3"):
        with pytest.raises(NotHeld, match=f"^{reference} is not held here, or is not yours to know of$"):
            town.desk("reader").lookups.show(reference)


def test_sales_of_one_address_name_each_other_and_claim_no_completeness(town: Town) -> None:
    entries = town.office.log.entries(0, town.office.store.head().size)
    sales = {one.subject for one in map(decode_entry, entries) if one.subject.startswith("sale/")}
    shown = {subject: town.office.public().lookups.show(subject) for subject in sales}
    together = {subject: one.address for subject, one in shown.items() if one.address}
    assert together
    for subject, others in together.items():
        assert subject not in others
        assert all(subject in shown[other].address for other in others)


def test_an_act_is_recorded_then_sealed(town: Town) -> None:
    recorded = town.lodge(visibility=Visibility.PUBLIC)
    town.office.services.seal()
    assert town.office.public().lookups.show(recorded.subject).state == "sealed, no witnesses appointed"
    assert town.office.public().lookups.act_state(town.office.store.head().size) == "recorded, not sealed yet"


def test_status_needs_nobodys_leave(town: Town) -> None:
    town.office.services.seal()
    status = town.office.public().status()
    assert (status.size, status.sealed, status.departments, status.officers, status.open_loads) == (
        town.office.store.head().size, town.office.store.head().size, 2, 8, 0,
    )  # fmt: skip
    assert status.state == "sealed, no witnesses appointed"
