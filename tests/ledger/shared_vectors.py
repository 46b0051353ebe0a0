"""Test vectors of other projects. They are not ours to commit: a checkout without them skips, and says so."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "vectors"


def folder(name: str) -> Path:
    """A folder of vectors, or a skip."""
    if not (FOLDER / name).is_dir():
        pytest.skip(f"the vectors {name} are not in ../shared/vectors")
    return FOLDER / name


def vectors(name: str) -> Any:
    """What a JSON file of vectors holds, or a skip."""
    if not (FOLDER / name).is_file():
        pytest.skip(f"the vectors {name} are not in ../shared/vectors")
    return json.loads((FOLDER / name).read_text())


def unpacked(texts: list[str] | None) -> list[bytes]:
    """Hashes out of base64; some vectors say null for none."""
    return [b64decode(text) for text in texts or ()]
