"""Which of the two media types an answer takes (GraphQL over HTTP, sections 5.2 and 6.4; RFC 9110 section 12.5.1).

| Accept | answer |
|---|---|
| absent, `*/*`, `application/*`, `application/json` | application/json |
| `application/graphql-response+json` | that |
| neither can be had | 406 |
"""

from __future__ import annotations

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
LONGEST = 1_000


def media_type(accept: str | None) -> str | None:
    """The type for the header's value, by its q-values and how exactly each part names it; None: neither is taken.

    Of equals JSON is given, unless the newer one stands first by its own name: an old client that says `*/*` knows
    nothing of it.
    """
    if accept is None or not accept.strip():
        return JSON
    best: dict[str, tuple[int, float, int]] = {}
    for place, part in enumerate(accept[:LONGEST].split(",")):
        name, *parameters = (one.strip().lower() for one in part.split(";"))
        quality = _quality(parameters)
        for offered in (JSON, GRAPHQL):
            exact = 2 if name == offered else 1 if name == "application/*" else 0 if name == "*/*" else -1
            if exact >= 0 and exact >= best.get(offered, (-1, 0.0, 0))[0]:
                best[offered] = exact, quality, -place
    taken = [(quality, exact, place, offered) for offered, (exact, quality, place) in best.items() if quality > 0]
    if not taken:
        return None
    quality, exact, _, offered = max(taken, key=lambda one: one[:3])
    equals = [one for one in taken if one[:2] == (quality, exact)]
    return JSON if exact < 2 and len(equals) > 1 else offered


def _quality(parameters: list[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def is_json(content_type: str | None) -> bool:
    """Whether a body of that type is JSON in UTF-8 (RFC 8259)."""
    name, *parameters = (one.strip().lower() for one in (content_type or "").split(";"))
    return name == JSON and all(one in ("", "charset=utf-8", 'charset="utf-8"') for one in parameters)
