"""A gateway over a town with deeds and sales: what it answers each department, and what is saved of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from gateway.answers import Answering
from gateway.context import Caller
from gateway.operation import House
from gateway.schema import build_schema
from registry.records.acts import Act, Kind, Reading, decode_entry, details_of
from registry.records.muniment import Visibility
from registry.records.roles import Role
from tests.town import DAY, Town, document

ROOT = Path(__file__).parents[2]
EVIDENCE = "evidence { position entry leafHash disclosures state proof { treeSize index path } }"
OPEN_EVIDENCE = EVIDENCE.replace("evidence {", "evidence(withheld: true) {", 1)
SCHEMA = build_schema()


class Counter:
    """`deed` is visible to departments and twice recorded, `own` to its custodian alone; `town`'s sales are public."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.deed = town.lodge().subject
        town.clock.now += DAY
        town.desk("intake-clerk").muniments.revise(
            self.deed, document("second"), details={"title": "K871204"}, withheld={"proprietor": "Bea Okafor"}
        )
        self.own = town.lodge(visibility=Visibility.OWN, details={"title": "OWN100"}, occurred="1961-04-03").subject
        for name in ("sales.csv", "changes.csv"):
            shutil.copyfile(ROOT / "fixtures" / name, folder / name)
            town.desk("loader").loads.load(folder / name)
        town.clock.now += DAY
        self.answering = Answering(SCHEMA, House.of(town.desk("gateway")), town.clock)

    def caller(self, name: str | None = "reader", purpose: str = "inquiry 7") -> Caller:
        """The caller whose desk is that officer's; the public without a name."""
        if name is None:
            return Caller(None, "", self.town.office.public())
        desk = self.town.desk(name)
        return Caller(desk.department, purpose, desk)

    def ask(self, query: str, who: str | None = "reader", *, purpose: str = "inquiry 7", **variables: Any) -> Any:
        """The whole answer."""
        return self.answering.answer(self.caller(who, purpose), query, variables)

    def data(self, query: str, who: str | None = "reader", **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.ask(query, who, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def codes(self, query: str, who: str | None = "reader", **variables: Any) -> list[str]:
        """The codes of an answer's errors."""
        return [error["extensions"]["code"] for error in self.ask(query, who, **variables).get("errors", ())]

    def sales(self) -> list[str]:
        """References of sales, newest first."""
        found = self.data('{search(text: "ROAD", first: 100) {edges {node {... on Muniment {reference}}}}}')
        return [edge["node"]["reference"] for edge in found["search"]["edges"]]

    def policy(self) -> bytes:
        """The policy file."""
        return self.town.office.policy().to_bytes()

    def size(self) -> int:
        """How many entries are recorded."""
        return self.town.office.store.head().size

    def readings(self, since: int) -> list[tuple[str, str]]:
        """(department, purpose) of the readings recorded from that position on."""
        found = []
        for raw in self.town.office.log.entries(since, self.size()):
            entry = decode_entry(raw)
            if isinstance(entry, Act) and entry.intent.kind is Kind.READ:
                details = details_of(entry.intent)
                assert isinstance(details, Reading)
                found.append((entry.intent.department, details.purpose))
        return found


def saved(answer: Any) -> bytes:
    """The answer as a client saves it."""
    return json.dumps(answer).encode()


def gateway_town(folder: Path) -> Town:
    """A staffed town whose gateway is an enrolled officer, a reader."""
    town = Town(folder).staff()
    town.enrol("gateway", Role.READER)
    return town
