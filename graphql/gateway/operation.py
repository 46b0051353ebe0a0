"""One operation: who asks, the one checkpoint that its proofs lead to, and what it read of withheld material.

Not for several threads: an operation runs in one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import strawberry
from graphql import FieldNode, FragmentDefinitionNode, GraphQLResolveInfo, OperationDefinitionNode, SelectionSetNode

from gateway.context import Caller
from gateway.errors import Coded, ErrorCode
from gateway.opaque import Opaque
from gateway.rates import Left
from registry.desk.desk import Desk, PublicDesk
from registry.desk.evidence import Ground, Proven, Prover
from registry.desk.holdings import Recorded
from registry.desk.readings import Readings
from registry.errors import Misuse
from registry.records.fields import Rule

MAX_PAGE = 100
Make = Callable[["Operation", str], Any]
MakeRow = Callable[[Recorded], Any]


@dataclass(frozen=True, slots=True)
class House:
    """The gateway itself: the desk of its own enrolled officer, which signs answers, and its opaque ids."""

    desk: Desk
    opaque: Opaque

    @classmethod
    def of(cls, desk: Desk) -> House:
        """Of the gateway's own desk."""
        return cls(desk, Opaque(desk.answers.derive("gateway ids and cursors")))


class Operation:
    """The context of every resolver. `makers`: noun of a key → what makes the object; `loaded_row` does of a row.
    `readings` are those of the first look, at the second."""

    def __init__(
        self,
        caller: Caller,
        house: House,
        makers: Mapping[str, Make],
        loaded_row: MakeRow,
        readings: Readings | None = None,
    ) -> None:
        self.caller, self.house, self._makers, self.loaded_row = caller, house, makers, loaded_row
        self.left: Left | None = None
        """What is left to the caller of his points, where they are counted; they come back at `resets_at`, ms UTC."""
        self.resets_at = 0
        self.readings = readings or caller.desk.access.readings(caller.purpose)
        self.prover: Prover | None = None  # once something was proved
        self._ground: Ground | None = None
        self._as_at: int | None = None
        self._settled = False
        self._may: dict[Rule, bool] = {}
        self._aliased: bool | None = None

    @property
    def desk(self) -> PublicDesk:
        """The caller's desk."""
        return self.caller.desk

    # ---- who may ----

    def check(self, rule: Rule) -> None:
        """Raises UNAUTHENTICATED or FORBIDDEN unless the caller may ask for fields under the rule."""
        if rule not in self._may:
            self._may[rule] = self.desk.access.may(rule)
        if self._may[rule]:
            return
        if self.caller.department is None:
            raise Coded(ErrorCode.UNAUTHENTICATED, "a token is wanted here, and none that holds was given")
        raise Coded(ErrorCode.FORBIDDEN, f"this wants {rule.value}, which this client was not given")

    def purpose(self) -> None:
        """Raises PURPOSE_REQUIRED where the token names no purpose."""
        if not self.caller.purpose:
            raise Coded(ErrorCode.PURPOSE_REQUIRED, "this is a recorded reading: ask for a token that names a purpose")

    def read_clear(self, reference: str) -> None:
        """Note that details of the subject are read, where that is a reading. Raises PURPOSE_REQUIRED."""
        if self.readings.clear(reference):
            self.purpose()

    def read_withheld(self, position: int) -> tuple[str, ...]:
        """The disclosures of the entry that the caller may see: none at the first look, which only notes that they are
        wanted. Raises PURPOSE_REQUIRED."""
        self.purpose()
        return self.readings.withheld(position)

    # ---- ids, cursors, pages ----

    def id(self, key: str) -> strawberry.ID:
        """The opaque id of what bears this key."""
        return strawberry.ID(self.house.opaque.seal("id", key))

    def key(self, identity: str) -> str:
        """The key that an id stands for. Raises Misuse."""
        return self.house.opaque.open("id", identity, "that id")

    def make(self, key: str) -> Any:
        """The object of that key, if the caller may know of it. Raises NotHeld."""
        return self._makers[key.partition("/")[0]](self, key)

    def cursor(self, listed: str, place: int) -> str:
        """The cursor of a place in the list of that name."""
        return self.house.opaque.seal(f"cursor {listed}", str(place))

    def place(self, listed: str, cursor: str | None) -> int | None:
        """Where the cursor points, None without one. Raises Misuse for a cursor of any other list."""
        if cursor is None:
            return None
        return int(self.house.opaque.open(f"cursor {listed}", cursor, "the cursor 'after'"))

    @staticmethod
    def page(first: int) -> int:
        """The size of a page. Raises Misuse: it is never obeyed beyond 100."""
        if not 1 <= first <= MAX_PAGE:
            raise Misuse(f"first is {first}, expected 1 to {MAX_PAGE}")
        return first

    # ---- one checkpoint ----

    def as_at(self, size: int | None) -> None:
        """Ask of the ledger as it was at that size, None as it is. Raises Misuse where another field asked otherwise,
        for all proofs of an answer lead to one checkpoint."""
        if self._settled and size != self._as_at:
            raise Misuse("asAt differs within one operation; ask in two")
        self._settled, self._as_at = True, size

    def size(self) -> int | None:
        """The size that this operation asks of, None for the ledger as it is; settled from now on."""
        self._settled = True
        return self._as_at

    def ground(self) -> Ground:
        """The checkpoint of this answer: the newest, or the first that reaches `asAt` and the enrolment of the key that
        signs answers. Raises NotHeld."""
        if self._ground is None:
            evidence, size = self.desk.evidence, self.size()
            own = self.house.desk.evidence.enrolled(self.house.desk.officer) + 1
            self._ground = evidence.ground(None if size is None else max(size, own))
        return self._ground

    def prove(self, position: int, info: strawberry.Info[Operation]) -> Proven:
        """The entry with its path, and what it leans on kept for the answer's support. Raises NotHeld,
        ALIASED_EVIDENCE."""
        self._check_aliases(info)
        if self.prover is None:
            self.prover = self.desk.evidence.prover(self.ground())
        return self.prover.prove(position)

    def _check_aliases(self, info: strawberry.Info[Operation]) -> None:
        """Below the root no name may stand for another where evidence is asked for: `price: locality` would pass for
        the price."""
        if self._aliased is None:
            asked = cast(GraphQLResolveInfo[Any], info)  # what resolvers are handed: see `resolvers`
            self._aliased = _aliased(asked.operation, asked.fragments)
        if self._aliased:
            raise Coded(ErrorCode.ALIASED_EVIDENCE, "leave out the aliases below the first level, or the evidence")


def _aliased(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Each selection set is looked at once, so nested spreads cost nothing twice."""
    roots = {id(each) for each in operation.selection_set.selections}
    waiting: list[SelectionSetNode] = [operation.selection_set, *(each.selection_set for each in fragments.values())]
    while waiting:
        for each in waiting.pop().selections:
            if isinstance(each, FieldNode) and each.alias is not None and id(each) not in roots:
                return True
            inner = getattr(each, "selection_set", None)
            if inner is not None:
                waiting.append(inner)
    return False


def operation(info: strawberry.Info[Operation]) -> Operation:
    """The operation of a resolver."""
    return info.context
