"""What is asked of both: one muniment by its id, and a page of a hundred hits, bare and with evidence.

The ids are those of sales (the public register) and of deeds that another department lodged, in turn, so that each
second question wants the rule on visibility.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

BY_ID: Final = """query ($id: ID!) {
  muniment(by: {id: $id}) {
    id reference kind status visibility recordedAt
    custodian { code name }
    currentVersion { number size recordedAt }
  }
}"""
_PAGE: Final = """query ($text: String!) {
  search(text: $text, first: 100) {
    edges { cursor node { ... on Muniment { __typename id reference kind status recordedAt %s } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
BARE_PAGE: Final = _PAGE % ""
PROVEN_PAGE: Final = _PAGE % "evidence { position entry leafHash disclosures state proof { treeSize index path } }"
TEXT: Final = "ROAD"


@dataclass(frozen=True, slots=True)
class Question:
    """A question's document and variables."""

    document: str
    variables: dict[str, Any]

    def body(self) -> bytes:
        """As it is posted."""
        return json.dumps({"query": self.document, "variables": self.variables}).encode()


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked in one round, by name."""

    by_id: tuple[Question, ...]
    page: tuple[Question, ...] = (Question(BARE_PAGE, {"text": TEXT}),)
    proven_page: tuple[Question, ...] = (Question(PROVEN_PAGE, {"text": TEXT}),)

    @classmethod
    def of(cls, ids: list[str]) -> Questions:
        """By these ids."""
        return cls(tuple(Question(BY_ID, {"id": each}) for each in ids))
