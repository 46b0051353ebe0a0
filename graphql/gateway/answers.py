"""From a query's text to an answer: run in one thread, readings recorded, errors masked, evidence signed. In this
order: nothing leaves before what was read stands in the ledger, and nothing withheld is open before. A question that
wants some is run twice, for its first run finds out what it reads.

    "extensions": {"checkpoint": "<note, verbatim>", "support": [{"entry", "path", "position"} …],
                   "answer": {"at", "checkpointSize", "document", "key", "signature", "variables"}}

`answer`, `checkpoint` and `support` stand in every answer with evidence, and in no other. Whoever adds to an answer's
extensions adds it before: `more` is signed too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLError

from gateway.context import Caller
from gateway.errors import new_correlation, told
from gateway.loads import make_row
from gateway.operation import House, Operation
from gateway.query import MAKERS
from registry.desk.evidence import Ground, Proven, Prover
from registry.desk.readings import Readings
from registry.errors import NotHeld, RegistryError
from registry.records.encoding import canonical, to_base64

Answer = dict[str, Any]
Run = Callable[[Operation], Any]


class Answering:
    """Answers questions of callers with one schema. `now` gives ms UTC; safe from several threads."""

    def __init__(self, schema: strawberry.Schema, house: House, now: Callable[[], int]) -> None:
        self.schema, self.house, self._now = schema, house, now

    def operation(self, caller: Caller, readings: Readings | None = None) -> Operation:
        """The context in which one operation of the caller's runs; `readings` of its first run, for the second."""
        return Operation(caller, self.house, MAKERS, make_row, readings)

    def now(self) -> int:
        """The time, ms UTC."""
        return self._now()

    def answer(
        self,
        caller: Caller,
        document: str,
        variables: Mapping[str, Any] | None = None,
        name: str | None = None,
        *,
        correlation: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The whole answer as it is to be written: `data`, `errors`, `extensions`. Blocks: run it in a thread."""
        given = dict(variables or {})

        def run(context: Operation) -> Any:
            return self.schema.execute_sync(document, variable_values=given, context_value=context, operation_name=name)

        asked = self.operation(caller)
        return self.finish(asked, run(asked), run, document, given, correlation or new_correlation(), more or {})

    def finish(
        self,
        asked: Operation,
        result: Any,
        run: Run,
        document: str,
        variables: Mapping[str, Any],
        correlation: str,
        more: Mapping[str, Any],
    ) -> Answer:
        """What an executed operation may say: readings recorded, errors told, evidence signed. `run` runs it again."""
        extensions: dict[str, Any] = {**(result.extensions or {}), **more}
        try:
            if asked.readings.settle():
                asked = self.operation(asked.caller, asked.readings)
                result = run(asked)
                asked.readings.settle()
            data, errors = result.data, list(result.errors or ())
            signed = {} if asked.prover is None or data is None else self._grounds(asked.prover, document, variables)
        except RegistryError as error:  # nothing that was read leaves
            data, signed, errors = None, {}, [GraphQLError(str(error), original_error=error)]
        answer: Answer = {"data": data}
        if errors:
            answer["errors"] = [told(error, correlation).formatted for error in errors]
        if extensions or signed:
            answer["extensions"] = {**extensions, **signed}
        if signed:
            answer["extensions"]["answer"]["signature"] = to_base64(self.house.desk.answers.sign(answer))
        return answer

    def _grounds(self, prover: Prover, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        ground = prover.ground
        return {
            "answer": {
                "at": self._now(),
                "checkpointSize": ground.size,
                "document": to_base64(hashlib.sha256(document.encode()).digest()),
                "key": self.house.desk.officer,
                "variables": to_base64(hashlib.sha256(canonical(variables)).digest()),
            },
            "checkpoint": ground.note.decode(),
            "support": [_supported(each, ground) for each in prover.support(self.house.desk.officer)],
        }


def _supported(proven: Proven, ground: Ground) -> dict[str, Any]:
    if proven.path is None:  # asAt lies before the enrolment of the key that signs
        raise NotHeld(f"position {proven.position} is not under the checkpoint of size {ground.size}")
    return {
        "entry": to_base64(proven.entry),
        "path": [to_base64(each) for each in proven.path],
        "position": proven.position,
    }
