"""A town whose desks are behind the office's door: every verb crosses a real socket, every signature comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from registry.desk.desk import Desk
from registry.door.client import RemoteOffice, knock
from registry.door.server import Door
from registry.office import Office
from tests.town import ORIGIN, Town

MOST_DESKS = 12


class DoorTown(Town):
    """Each call of `desk` knocks anew; of the desks that are open the oldest makes room."""

    def __init__(
        self, folder: Path, *, milestone: Callable[[str], None] = lambda name: None, origin: str = ORIGIN
    ) -> None:
        self.knocked: list[RemoteOffice] = []
        super().__init__(folder, milestone=milestone, origin=origin)
        self.door = Door(self.office)

    def copied(self, folder: Path) -> DoorTown:
        """The same registry in another folder, open; this one must be closed."""
        town = super().copied(folder)
        assert isinstance(town, DoorTown)
        town.knocked = []
        return town

    def knock(self) -> RemoteOffice:
        """At the door, before anybody has signed in."""
        office = knock(self.settings.registry)
        assert office is not None
        self.knocked.append(office)
        if len(self.knocked) > MOST_DESKS:
            self.knocked.pop(0).close()
        return office

    def desk(self, name: str) -> Desk:
        """That officer's desk, through the door."""
        return self.knock().sign_in(self.references[name], self.sign(name), self.office.origin)

    def open(self, milestone: Callable[[str], None] | None = None) -> Office:
        """Open the office as the founder, and its door."""
        office = super().open(milestone)
        self.door = Door(office)
        return office

    def reopen(self, milestone: Callable[[str], None] | None = None) -> Office:
        """Close door and office, and open both again."""
        self.door.close()
        return super().reopen(milestone)

    def close(self) -> None:
        """Close the door, then the office."""
        self.door.close()
        for office in self.knocked:
            office.close()
        super().close()
