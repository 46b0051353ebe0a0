"""A ledger copied out as a C2SP tlog-tiles directory: tiles, entry bundles, and last the checkpoint.

    checkpoint                tile/0/000 …   tile/0/273.p/112
    tile/entries/000 …        tile/1/000     tile/1/001.p/17     tile/2/000.p/1

Each file is written beside its place and renamed into it; one that is there already must hold the same bytes. Whoever
holds the folder holds the whole ledger: entries too, so keep it to those who may read the ledger.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from registry.errors import Busy, LedgerHalted, Misuse, NotHeld
from registry.ledger.edge import edge_at
from registry.ledger.log import Log
from registry.ledger.ports import Checkpoints, Shelves
from registry.ledger.tiles import WIDTH, bundle_path, frame, layout, nodes, tile_path


def export(
    shelves: Shelves,
    checkpoints: Checkpoints,
    folder: Path,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Copy the ledger up to its newest checkpoint; returns the size. `told(done, total)` counts files.

    Raises NotHeld before the first checkpoint, Misuse where a file with other bytes stands in the folder, Busy.
    """
    sealed = checkpoints.latest()
    if sealed is None:
        raise NotHeld("nothing is sealed yet, so there is nothing to export")
    size = sealed.size
    log = Log(shelves)
    edge = edge_at(size, nodes(shelves.tile, shelves.head().edge))
    files = list(layout(size))
    total = len(files) + (size + WIDTH - 1) // WIDTH + 1
    done = 0
    for level, n, width in files:
        body = shelves.tile(level, n) if width == WIDTH else edge.levels[level]
        if body is None:
            raise LedgerHalted(f"{tile_path(level, n)} is missing: run an audit")
        _write(folder / tile_path(level, n, width), body)
        done += 1
        told(done, total)
    for n in range((size + WIDTH - 1) // WIDTH):
        entries = log.bundle(n, size)
        _write(folder / bundle_path(n, len(entries)), frame(entries))
        done += 1
        told(done, total)
    _write(folder / "checkpoint", sealed.cosigned, replace=True)
    told(total, total)
    return size


def _write(path: Path, body: bytes, *, replace: bool = False) -> None:
    try:
        if path.exists() and not replace:
            if path.read_bytes() != body:
                raise Misuse(
                    f"{path}: holds other bytes than the ledger; "
                    "export into an empty folder, and keep this one as evidence"
                )
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(path.name + ".new")
        with aside.open("wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        aside.rename(path)
    except OSError as error:
        raise Busy(
            f"{path}: cannot be written ({error.strerror}); make room or choose another folder, then export again"
        ) from error
