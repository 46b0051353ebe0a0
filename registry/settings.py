"""Where the registry and its signer lie and who asks, read once from options and environment. No globals.

| option | environment | default |
|---|---|---|
| `--registry PATH` | `MUNIMENT_REGISTRY` | `./muniment-data` |
| `--signer PATH` | `MUNIMENT_SIGNER` | `<registry>.signer` |
| `--officer NAME` | `MUNIMENT_OFFICER` | none: only what is public |
| passphrase by prompt | `MUNIMENT_PASSPHRASE_FILE` | none |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from registry.errors import Misuse

REGISTRY = "MUNIMENT_REGISTRY"
SIGNER = "MUNIMENT_SIGNER"
OFFICER = "MUNIMENT_OFFICER"
PASSPHRASE_FILE = "MUNIMENT_PASSPHRASE_FILE"
DEFAULT_REGISTRY = "muniment-data"


@dataclass(frozen=True, slots=True)
class Settings:
    """The two folders, the officer's sign-in name and the passphrase's file, as far as given."""

    registry: Path
    signer: Path
    officer: str | None = None
    passphrase_file: Path | None = None


def read_settings(
    environment: Mapping[str, str],
    *,
    registry: Path | None = None,
    signer: Path | None = None,
    officer: str | None = None,
) -> Settings:
    """Options first, then the environment, then the defaults. Raises Misuse for one folder inside the other."""
    place = registry or Path(environment.get(REGISTRY) or DEFAULT_REGISTRY)
    keys = signer or (Path(environment[SIGNER]) if environment.get(SIGNER) else place.with_name(place.name + ".signer"))
    inside, outside = keys.resolve(), place.resolve()
    if inside == outside or inside.is_relative_to(outside) or outside.is_relative_to(inside):
        raise Misuse(
            f"registry {place} and signer {keys}: one lies inside the other; "
            "keep them apart, so that no backup holds both"
        )
    file = environment.get(PASSPHRASE_FILE)
    return Settings(place, keys, officer or environment.get(OFFICER) or None, Path(file) if file else None)
