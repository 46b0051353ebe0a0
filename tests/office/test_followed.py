"""Who is who, as an office that only reads knows it: of this moment, and not read anew for nothing."""

from __future__ import annotations

from pathlib import Path

from registry.office import Office
from tests.town import Town


def test_the_standing_is_read_anew_once_something_was_recorded_and_not_before(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with Office.reading(town.settings) as reading:
        before = reading.services.standing()
        assert reading.services.standing() is before
        reference = town.enrol("reader", None)
        after = reading.services.standing()
        assert after is not before
        assert after.officer(reference) == town.office.services.standing().officer(reference)
        town.desk("founder").officers.revoke(reference, "left")
        found = reading.services.standing().officer(reference)
        assert found is not None
        assert found.revoked is not None
        assert reading.services.standing() is reading.services.standing()
    town.close()
