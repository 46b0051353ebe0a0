"""Who sits at this desk: the name typed, the desk, roles, and what the role × verb table says of each verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from registry.desk.desk import Desk
from registry.errors import Busy, Malformed
from registry.records.roles import VERB_OF, Verb
from tui.drafts import Drafts
from tui.handed import Enrol, Presence, RunAudit


@dataclass(frozen=True, slots=True)
class Entered:
    """What signing in gives: the desk; functions of the office's, where something can be recorded; `presence` where the
    office is another process."""

    desk: Desk
    enrol: Enrol | None = None
    audit: RunAudit | None = None
    drafts: Drafts | None = None
    presence: Presence | None = None


SignIn = Callable[[str, str], Entered]
"""Name and passphrase → the officer's desk. Raises RegistryError, in words for the clerk. Called in a thread."""
RECORDING = frozenset(VERB_OF.values()) - {Verb.WITHHELD_READ}


@dataclass(frozen=True, slots=True)
class Seat:
    """`why_not` has a sentence for each verb that is not allowed now; `reads_only` says why nothing can be recorded.
    `drafts` is how many were restored, `drafts_told` why none could be."""

    name: str
    entered: Entered
    roles: str
    why_not: Mapping[Verb, str]
    reads_only: str
    drafts: int = 0
    drafts_told: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Officers' sign-in names by reference, of those whom this officer may list, as of signing in."""

    @property
    def desk(self) -> Desk:
        """The officer's desk."""
        return self.entered.desk


def take_seat(sign_in: SignIn, name: str, passphrase: str) -> Seat:
    """Sign in, and ask the desk what is allowed. Slow on purpose (the passphrase); for a thread."""
    return seat_at(name, sign_in(name, passphrase))


def seat_at(name: str, entered: Entered) -> Seat:
    """What the desk allows now."""
    day = entered.desk.day
    reads_only = day.reads_only()
    why_not = {verb: why for verb in Verb if (why := day.why_not(verb))}
    if reads_only:
        why_not |= {verb: reads_only for verb in RECORDING if verb not in why_not}
    drafts, told = 0, ""
    if entered.drafts is not None:
        try:
            drafts = len(entered.drafts.restore())
        except (Malformed, Busy) as error:
            told = str(error)
    roles, names = ", ".join(day.roles()) or "no role", entered.desk.officers.names()
    return Seat(name, entered, roles, why_not, reads_only, drafts, told, names)
