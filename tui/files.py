"""A folder as the file chooser shows it: folders first, then files, by name. Looks at the disk, changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from registry.errors import Misuse

MOST = 1_000  # rows that one list shows; beyond it the path is typed


@dataclass(frozen=True, slots=True)
class Shown:
    """One row: a file with its size in bytes, or a folder (None). The row that leads up is named `..`."""

    name: str
    path: Path
    size: int | None


@dataclass(frozen=True, slots=True)
class Folder:
    """What can be seen in a folder; `more` names of it are not in `rows`."""

    path: Path
    rows: tuple[Shown, ...]
    more: int


def look(path: Path) -> Folder:
    """The folder at the path, or the nearest one above it; hidden names and what is neither file nor folder left out.

    Raises Misuse where it cannot be read.
    """
    try:
        folder = Path(os.path.abspath(path.expanduser()))
        while not folder.is_dir():
            folder = folder.parent
        rows = sorted(filter(None, map(_row, os.scandir(folder))), key=lambda row: (row.size is not None, row.name))
    except (OSError, RuntimeError, ValueError) as error:  # ValueError: a NUL in the path
        raise Misuse(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    up = () if folder.parent == folder else (Shown("..", folder.parent, None),)
    return Folder(folder, (*up, *rows[:MOST]), max(len(rows) - MOST, 0))


def _row(entry: os.DirEntry[str]) -> Shown | None:
    if entry.name.startswith("."):
        return None
    try:
        if entry.is_dir():
            return Shown(entry.name, Path(entry.path), None)
        return Shown(entry.name, Path(entry.path), entry.stat().st_size) if entry.is_file() else None
    except OSError:  # gone meanwhile, or not ours to look at
        return None


def free_place(text: str) -> str:
    """The folder in which a new file of that path would lie. Raises Misuse where it cannot."""
    try:
        path = Path(text.strip()).expanduser()
        if path.exists():
            raise Misuse("there is something of that name already; choose another")
        if not path.parent.is_dir():
            raise Misuse("there is no such folder")
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: ~nobody; ValueError: a NUL
        raise Misuse(f"cannot be written there: {getattr(error, 'strerror', None) or error}") from error
    return f"in {os.path.abspath(path.parent)}"


def write_new(text: str, make: Callable[[], bytes]) -> Path:
    """Make the content and write it as a new file, durable; returns its absolute path. Raises Misuse, or what `make`
    raises, before anything is written."""
    free_place(text)
    content = make()
    path = Path(os.path.abspath(Path(text.strip()).expanduser()))
    try:
        with path.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise Misuse(f"{path}: cannot be written ({error.strerror or error})") from error
    return path
