"""`muniment verify-answer`: a saved answer of the gateway, checked without any registry.

Like `verify`, it imports the verifying part of `registry.ledger` and nothing that opens a registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.files import read_whole
from registry.commands.manual import counter
from registry.records.encoding import decode_strict, to_base64

if TYPE_CHECKING:
    from registry.ledger.answer import Findings
    from registry.ledger.completeness import Whole

ANSWER_BYTES, POLICY_BYTES = 1 << 24, 1 << 20
LONGEST_VALUE = 100

app = counter()


@command(app, "verify-answer", registry=False)
def verify_answer(
    asked: Asked,
    answer: Annotated[Path, typer.Argument(metavar="FILE", help="The gateway's answer, saved as it came.")],
    policy: Annotated[Path, typer.Option(metavar="FILE", help="Whom you trust: the policy file of that registry.")],
    any_key: Annotated[
        bool,
        typer.Option(
            "--any-key", help="For foreign logs: one listed key suffices. Else each of the log must have signed."
        ),
    ] = False,
) -> None:
    """Verify a saved answer of the gateway, offline.

    Wants no registry, no network and nobody's leave. Prints three lists and
    never one word for all of it: what is *proved* (the value stands in an
    entry or fits its digest there, the entry lies under the checkpoint, its
    officer or its load's signed it); what is *signed only* (the gateway says
    so and no entry holds it: status, totals, cursors, every search hit); what
    is *not proven* (no whole evidence beside it, no __typename, not sealed
    yet).

    The first thing that does not hold is told in one sentence, exit 1: a
    proved value that differs from its entry as "not proven", anything else
    as "signature broken". Of each history with evidence it says how far its
    numbers and links run without a gap. An answer is true as of its
    checkpoint: that nothing was added since takes a newer one, or a mirror.

    Example:
        muniment verify-answer answer.json --policy land.policy
    Prints:
        The three lists, by path with the value, histories and checkpoint. With
        --json:
        {"answer", "proved", "signed_only", "not_proven", "histories":
        [{"path", "whole_through", "shown"}…], "signer", "enrolled",
        "answered_at", "origin", "size", "root", "witnesses"}.
    Exit codes: 0, 1, 2
    See also: verify, policy, gateway
    """
    from registry.ledger.answer import verify

    raw = read_whole(answer, "answer", ANSWER_BYTES)
    trusted = read_whole(policy, "policy", POLICY_BYTES)
    found = verify(raw, trusted, any_key=any_key)
    if asked.as_json:
        output.say_json(_findings(answer, found))
    else:
        _tell(found, dict(_values("data", decode_strict(raw)["data"])))


def _findings(answer: Path, found: Findings) -> dict[str, Any]:
    checkpoint = found.satisfied.checkpoint
    return {
        "answer": str(answer),
        "proved": found.proved,
        "signed_only": found.signed_only,
        "not_proven": found.not_proven,
        "histories": [
            {"path": each.path, "whole_through": each.through, "shown": each.shown} for each in found.histories
        ],
        "signer": found.signer,
        "enrolled": found.enrolled,
        "answered_at": output.moment(found.at),
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": to_base64(checkpoint.root),
        "witnesses": found.satisfied.witnesses,
    }


def _values(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """(path, value in a word) of each leaf, by the paths of the three lists."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _values(f"{path}.{name}", each)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _values(f"{path}[{place}]", each)
    else:
        told = value if isinstance(value, str) else output.json_text(value)
        yield path, told if len(told) <= LONGEST_VALUE else f"{told[:LONGEST_VALUE]}… (+{len(told) - LONGEST_VALUE})"


def _tell(found: Findings, values: Mapping[str, str]) -> None:
    for title, paths in (
        ("proved", found.proved),
        ("signed only", found.signed_only),
        ("not proven", found.not_proven),
    ):
        output.say(f"{title}: {len(paths):,}")
        for path in paths:
            output.say(f"  {path}: {values[path]}" if path in values else f"  {path}")
    for history in found.histories:
        output.say(_whole(history))
    satisfied = found.satisfied
    checkpoint = satisfied.checkpoint
    seen = f"witnessed by {', '.join(satisfied.witnesses)}" if satisfied.witnesses else "no witness asked for"
    output.say(f"as of the checkpoint of {checkpoint.origin}, size {checkpoint.size:,}, signed by the log; {seen}")
    output.say(
        f"the whole signed by {found.signer}, enrolled at {found.enrolled}, at {output.moment(found.at)} by its clock"
    )


def _whole(history: Whole) -> str:
    if history.through < history.shown or history.position is None:
        return f"{history.path}: {history.shown} shown, whole only through number {history.through}"
    return (
        f"{history.path}: numbers 1 to {history.through} without a gap, each link fitting; nothing is missing up to "
        f"position {history.position}"
    )
