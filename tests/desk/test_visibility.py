"""Who sees what: three visibilities × four kinds of viewer × every question, written out by hand.

`yes` answers; `read` answers and records a reading; `no` is refused by rule and recorded; `-` is not held, in the same
words as what is absent.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest

from registry.desk.desk import Desk, PublicDesk
from registry.errors import NotHeld, NotPermitted
from registry.records.acts import Act, Kind, decode_entry
from registry.records.muniment import Visibility
from registry.records.roles import Role
from tests.town import Town, document

GRID = """
                        find  show  history  receipt  disclosures  open
own/colleague           yes   read  read     read     read         read
own/other-department    -     -     -        -        -            -
own/auditor             yes   read  read     read     no           no
own/public              -     -     -        -        .            .
departments/colleague   yes   yes   yes      yes      read         read
departments/other-dep…  yes   yes   yes      yes      no           no
departments/auditor     yes   yes   yes      yes      no           no
departments/public      -     -     -        -        .            .
public/colleague        yes   yes   yes      yes      read         yes
public/other-dep…       yes   yes   yes      yes      no           yes
public/auditor          yes   yes   yes      yes      no           yes
public/public           yes   yes   yes      yes      .            .
"""
"""`.`: the public has no such counter (a body wants the vault's key, a disclosure an officer)."""

_head, *_rows = (line.split() for line in GRID.strip().splitlines())
CELLS = [(row.replace("dep…", "department"), question, cell) for row, *cells in _rows
         for question, cell in zip(_head, cells, strict=True) if cell != "."]  # fmt: skip

VIEWERS = {"colleague": "reader", "other-department": "police-reader", "auditor": "police-auditor"}


def _find(desk: PublicDesk, subject: str) -> object:
    found = desk.lookups.find(subject)
    if not found:
        raise NotHeld(f"{subject} is not held here, or is not yours to know of")
    return found


def _open(desk: PublicDesk, subject: str) -> object:
    assert isinstance(desk, Desk)
    return desk.muniments.open(subject, io.BytesIO())


QUESTIONS: dict[str, Callable[[PublicDesk, str], object]] = {
    "find": _find,
    "show": lambda desk, subject: desk.lookups.show(subject),
    "history": lambda desk, subject: desk.lookups.history(subject),
    "receipt": lambda desk, subject: desk.receipts.take(subject),
    "disclosures": lambda desk, subject: desk.receipts.take(subject, disclosures=True),
    "open": _open,
}


@pytest.fixture(scope="module")
def town(kind_of_town: type[Town], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = kind_of_town(tmp_path_factory.mktemp("town")).staff()
    found.enrol("police-auditor", Role.AUDITOR, "POL")
    yield found
    found.close()


@pytest.mark.parametrize(("who", "question", "expected"), CELLS, ids=[f"{who} {asked}" for who, asked, _ in CELLS])
def test_every_viewer_gets_the_answer_that_is_his(town: Town, who: str, question: str, expected: str) -> None:
    visibility, viewer = who.split("/")
    subject = town.lodge(visibility=Visibility(visibility)).subject
    desk = town.office.public() if viewer == "public" else town.desk(VIEWERS[viewer])
    before = town.office.store.head().size
    ask = QUESTIONS[question]
    if expected in ("yes", "read"):
        assert ask(desk, subject)
    elif expected == "no":
        with pytest.raises(NotPermitted, match="you may not read withheld material of this muniment"):
            ask(desk, subject)
    else:
        with pytest.raises(NotHeld, match=f"^{subject} is not held here, or is not yours to know of$"):
            ask(desk, subject)
    entries = [decode_entry(raw) for raw in town.office.log.entries(before, town.office.store.head().size)]
    assert [one.intent.kind for one in entries if isinstance(one, Act)] == [Kind.READ] * (expected in ("read", "no"))


def test_a_search_tells_of_what_its_own_department_sees_that_it_is_there_and_no_more(town: Town) -> None:
    """Its clear details are told by `show`, once the reading stands; after a revision too."""
    subject = town.lodge(visibility=Visibility.OWN, details={"title": "K871204"}).subject
    town.desk("intake-clerk").muniments.revise(subject, document("again"), details={"title": "K999999"})
    desk = town.desk("reader")
    (view,) = desk.lookups.find(subject)
    assert "K999999" not in str(view)
    assert view.details == {"version": 2}
    assert desk.lookups.find("K871204 K999999") == ()
    assert desk.lookups.show(subject).details["title"] == "K999999"


def test_officers_are_no_affair_of_the_public(town: Town) -> None:
    public = town.office.public()
    for ask in (public.lookups.show, public.lookups.history, public.receipts.take):
        with pytest.raises(NotHeld, match=r"^officer/3 is not held here, or is not yours to know of$"):
            ask("officer/3")
    enrolled = town.office.services.standing().officer("officer/3")
    assert enrolled is not None
    with pytest.raises(NotHeld):
        public.receipts.take(str(enrolled.enrolled))
    assert town.desk("police-reader").lookups.show("officer/3").kind == "APPOINTED"


@pytest.mark.parametrize("reference", ["registry", "department/HMLR"])
def test_what_everyone_may_know_the_public_sees(town: Town, reference: str) -> None:
    public = town.office.public()
    assert public.lookups.show(reference).subject == reference
    assert public.lookups.gaps(public.lookups.history(reference)) == ()
    assert public.receipts.take(reference)
