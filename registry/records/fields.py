"""Who may read which field of an answer: deny by default, one rule a field. Surfaces ask it; none has its own.

`ANYONE`: the public register. `DEPARTMENTS`: any desk with an officer behind it. `OBJECT`: whoever was handed the
object; the desk decided that. Else the verb of the role × verb table that the desk's officer must reach.
A field that is not here is refused, and the gateway does not start.
"""

from __future__ import annotations

from enum import StrEnum

from registry.errors import NotPermitted
from registry.records.roles import Verb


class Reach(StrEnum):
    """Rules that are no verb."""

    ANYONE = "anyone"
    DEPARTMENTS = "departments"
    OBJECT = "object"


Rule = Reach | Verb

_PUBLIC, _OBJECT = Reach.ANYONE, Reach.OBJECT

_RULES: dict[str, dict[Rule, str]] = {
    "Query": {
        Reach.ANYONE: "ledger rateLimit verify",
        Reach.DEPARTMENTS: "node nodes viewer",
        Verb.MUNIMENT_READ: "muniment",
        Verb.SEARCH: "search property",
        Verb.LOAD_READ: "load loads",
    },
    "Muniment": {
        _OBJECT: "id reference kind recordedAt status visibility custodian currentVersion property flags versions "
        "provenance history evidence generatedBy invalidatedBy attributedTo"
    },
    "Version": {
        _OBJECT: "id number muniment digest ciphertextDigest size mediaType recordedAt occurredOn revisionOf details "
        "evidence generatedBy invalidatedBy attributedTo"
    },
    "Property": {_OBJECT: "id address postcode paon saon street town sales"},
    "Act": {
        _OBJECT: "id position kind outcome rule state subject number previousPosition previousHash officer department "
        "purpose reason recordedAt occurredOn requestKey details signatures evidence"
    },
    "LoadedRow": {
        _OBJECT: "id position op row load state subject number previousPosition previousHash department recordedAt "
        "occurredOn details evidence"
    },
    "Load": {
        _OBJECT: "id reference fileDigest dialect state department openedAt closedAt rows recorded already changed "
        "withdrawn rejected flagged firstPosition lastPosition rowsRoot opened closed history"
    },
    "Department": {_OBJECT: "id displayName name code"},
    "Officer": {_OBJECT: "id displayName number department", Verb.OFFICER_LIST: "roles"},
    "Detail": {_OBJECT: "name value withheld digest"},
    "Signature": {_OBJECT: "keyId algorithm value signed"},
    "PublicKey": {_PUBLIC: "id algorithm key"},
    "Evidence": {_OBJECT: "position entry leafHash disclosures state proof"},
    "InclusionProof": {_PUBLIC: "treeSize index path"},
    "ConsistencyProof": {_PUBLIC: "fromSize toSize path checkpoint"},
    "Checkpoint": {_PUBLIC: "number origin size previousSize rootHash issuedAt note"},
    "Ledger": {
        _PUBLIC: "checkpoint checkpoints inclusion consistency catalogueLag keys policy",
        Verb.RECEIPT_TAKE: "receipt",
        Verb.LEDGER_READ: "entries entryByLeafHash",
    },
    "Verification": {_PUBLIC: "digest known kind recordedAt status superseded evidence checkpoint"},
    "ProvenanceGraph": {_OBJECT: "root nodes agents entries edges truncated endCursor provJson checkpoint"},
    "ProvenanceEdge": {_OBJECT: "from to relation recordedAt entry"},
    "Viewer": {_OBJECT: "agent department scopes purpose tokenExpiresAt"},
    "RateLimit": {_PUBLIC: "limit cost remaining resetAt"},
    "PageInfo": {_PUBLIC: "hasNextPage hasPreviousPage startCursor endCursor"},
    "HistoryConnection": {_OBJECT: "edges pageInfo total last checkpoint"},
    "HistoryEdge": {_OBJECT: "cursor node"},
    "EntryConnection": {_OBJECT: "edges pageInfo"},
    "CheckpointConnection": {_PUBLIC: "edges pageInfo"},
    "CheckpointEdge": {_PUBLIC: "cursor node"},
    "LoadConnection": {_OBJECT: "edges pageInfo"},
    "LoadEdge": {_OBJECT: "cursor node"},
    "MunimentConnection": {_OBJECT: "edges pageInfo checkpoint"},
    "MunimentEdge": {_OBJECT: "cursor node"},
    "VersionConnection": {_OBJECT: "edges pageInfo"},
    "VersionEdge": {_OBJECT: "cursor node"},
    "SearchConnection": {_OBJECT: "edges pageInfo checkpoint"},
    "SearchEdge": {_OBJECT: "cursor node"},
}

FIELD_RULES: dict[tuple[str, str], Rule] = {
    (kind, name): rule for kind, rules in _RULES.items() for rule, names in rules.items() for name in names.split()
}
"""(object type, field) → rule."""


def rule_of(kind: str, name: str) -> Rule:
    """The field's rule. Raises NotPermitted for a field without one: nobody reads what nobody has thought about."""
    rule = FIELD_RULES.get((kind, name))
    if rule is None:
        raise NotPermitted(f"{kind}.{name} has no rule on who may read it, so nobody may", rule="deny-by-default")
    return rule
