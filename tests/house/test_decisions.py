"""docs/adr/: every number once, no gap, and each page says context, options, outcome and cost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ADR = Path(__file__).parents[2] / "docs" / "adr"
PAGES = sorted(ADR.glob("[0-9]*.md"))


def test_the_numbers_have_no_gap() -> None:
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))


@pytest.mark.parametrize("page", [*PAGES, ADR / "template.md"], ids=lambda page: page.stem)
def test_a_page_says_context_options_outcome_and_cost(page: Path) -> None:
    text = page.read_text()
    title = text.splitlines()[0]
    expected = r"# NNNN\. .+" if page.stem == "template" else rf"# {page.name[:4]}\. .+"
    assert re.fullmatch(expected, title), title
    headings = [heading.strip() for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)]
    assert headings == ["Context", "Options", "Outcome", "Cost"]
    assert (
        re.search(r"^Status: (accepted|proposed|superseded by \d{4}), \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
        or page.stem == "template"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_only_pages_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} points to {target}"
