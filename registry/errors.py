"""What can go wrong, as one tree. The names are the office's words.

    RegistryError
    ├── Refused             the rules say no
    │   ├── NotPermitted    role, grant or key does not allow it
    │   ├── WrongState      the subject is not in a state that allows it
    │   ├── Stale           somebody else acted on it meanwhile
    │   ├── KeyReused       the request key was used for other content
    │   ├── SecondPerson    a second officer's word is wanted
    │   └── OnHold          a hold rests on it
    ├── NotHeld             unknown, or not yours to know of: the same answer
    ├── Unproven            evidence does not hold
    │   ├── Malformed       cannot be read as what it claims to be
    │   ├── BadSignature    a signature does not verify
    │   ├── ProofFailed     the hashes do not meet the root
    │   └── TooFewWitnesses the policy's quorum is not reached
    ├── Shredded            the key is destroyed; the proof still holds
    ├── Busy                nothing was recorded, ask again
    │   ├── Away            the office is not there just now
    │   └── Unsettled       it went away before it answered: look the act up by its request key
    ├── Misuse              wrong usage or configuration
    └── LedgerHalted        state unknown or contradicted: stop

A message names the thing, what was found, what was expected and what to do next. A verifier raises `Unproven` or
returns nothing.
"""

from __future__ import annotations


class RegistryError(Exception):
    """Every error of the registry: `str()` is one plain sentence."""


class Refused(RegistryError):
    """The rules say no. `rule` is the rule's name; `position` is where the refusal was recorded, if it was."""

    def __init__(self, message: str, *, rule: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.position = position


class NotPermitted(Refused):
    """Role, grant or key does not allow it."""


class WrongState(Refused):
    """The subject is not in a state that allows it."""


class Stale(Refused):
    """Somebody else acted on the subject meanwhile; look again, then ask again."""


class KeyReused(Refused):
    """The request key was used before, for other content."""


class SecondPerson(Refused):
    """A second officer's word is wanted."""


class OnHold(Refused):
    """A hold rests on the subject."""


class NotHeld(RegistryError):
    """Unknown here, or not yours to know of: one answer for both."""


class Unproven(RegistryError):
    """Evidence does not hold."""


class Malformed(Unproven):
    """Cannot be read as what it claims to be."""


class BadSignature(Unproven):
    """A signature does not verify."""


class ProofFailed(Unproven):
    """The hashes do not meet the root."""


class TooFewWitnesses(Unproven):
    """The policy's quorum is not reached."""


class Shredded(RegistryError):
    """The key of a body is destroyed; its proofs still hold."""


class Busy(RegistryError):
    """Nothing was recorded; ask again."""


class Away(Busy):
    """The office is not there just now: it closes, has closed, or died. Nothing was recorded by what was asked."""


class Unsettled(Busy):
    """The office went away after it had the officer's signature and before it answered. Whether the act is recorded
    is found by its request key, `key`, once the office is back; only then is it asked for again."""

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class Misuse(RegistryError):
    """Wrong usage or configuration: a path, a name, a passphrase, a file's form."""


class LedgerHalted(RegistryError):
    """Stored bytes, head, mark or witnesses disagree: nothing more is written or signed."""
