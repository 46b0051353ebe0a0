"""The counter for properties: sales at one address. A grouping in the catalogue: a search, no proof, and no act."""

from __future__ import annotations

from dataclasses import dataclass

from registry.desk.services import Services
from registry.desk.views import Entries
from registry.errors import Misuse, NotHeld
from registry.records.acts import Row
from registry.records.identifiers import subject_digest
from registry.records.rows import is_sale, sale_facts
from registry.records.sale import SALE_RECORD, SaleFacts, address_key


@dataclass(frozen=True, slots=True)
class Property:
    """An address as its first sale here gives it. `key` is what its sales have in common (`sale.address_key`)."""

    key: str
    postcode: str
    paon: str
    saon: str
    street: str
    town: str

    @property
    def address(self) -> str:
        """On one line, from the flat to the postcode; empty members left out."""
        return ", ".join(filter(None, (self.saon, self.paon, self.street, self.town, self.postcode)))


class Properties:
    """Sale records are public, so these questions have no viewer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._entries = Entries(services)

    def of_sale(self, position: int) -> Property | None:
        """The property of the sale whose newest entry is there; None where the sale stands alone."""
        entry = self._entries.entry(position)
        if not isinstance(entry, Row) or not is_sale(entry.subject):
            return None
        return _property(sale_facts(entry))

    def at(self, *, postcode: str, paon: str, saon: str, street: str, town: str, district: str) -> Property:
        """The property at an address, if a sale there is held. Raises Misuse (an address that groups nothing),
        NotHeld."""
        wanted = SaleFacts(
            "", "", "", district, "", SALE_RECORD, "", "", paon, postcode, 0, "", saon, street, town
        )  # fmt: skip
        key = address_key(wanted)
        if key is None:
            raise Misuse("that address groups nothing: give a postcode, or else house and street, no date as a number")
        return self.known(key)

    def known(self, key: str) -> Property:
        """The property of that key. Raises NotHeld."""
        for at in self._services.catalogue.at_address(subject_digest(key), limit=50):
            found = self.of_sale(at)
            if found is not None and found.key == key:
                return found
        raise NotHeld("no sale at that address is held here")

    def sales(self, key: str, *, limit: int, after: int = -1) -> tuple[tuple[int, str], ...]:
        """(position of the newest entry, reference) of at most `limit` sales there beyond that position, rising."""
        found: list[tuple[int, str]] = []
        while len(found) < limit:
            candidates = self._services.catalogue.at_address(subject_digest(key), limit=limit, after=after)
            for at in candidates:
                entry = self._entries.entry(at)
                if isinstance(entry, Row) and is_sale(entry.subject) and address_key(sale_facts(entry)) == key:
                    found.append((at, entry.subject))
            if len(candidates) < limit:
                break
            after = candidates[-1]
        return tuple(found[:limit])


def _property(facts: SaleFacts) -> Property | None:
    key = address_key(facts)
    if key is None:
        return None
    return Property(key, facts.postcode, facts.paon, facts.saon, facts.street, facts.town)
