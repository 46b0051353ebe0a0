"""The office: the one process that holds a registry open. It joins the rooms, and is the only place that does.

    office     three ways in (found, open, read), desks, what is looked over, leaving
    stores     the registry's files, open
    writing    what only an office that writes has: lock, keys, mark, the writer's thread
    beside     sealing and projecting, beside the writer's turn
    followed   who is who, for an office that only reads
    keyring    officers' key files, and who holds the unlock key
    founding   the four founding acts
    mending    what a crash left, mended when the office opens

What it holds while open: the lock (who has the registry), the log's keys and the vault's wrapping key, the sequencer,
the sealing and the projecting thread. An office that only reads holds none of these.

Opening, in order: lock · stores · mark against head · tail hashed against the head (in the sequencer) · catalogue
caught up · sealed, by the same code as ever · bodies that a crash left without an act are swept · the unlock key's
holders are brought in line with the ledger.
"""

from registry.office.founding import FOUNDER
from registry.office.keyring import enrol, open_key
from registry.office.office import NOBODY_OPENED, Office, now_ms
from registry.storage.officer_keys import OpenedKey

__all__ = ["FOUNDER", "NOBODY_OPENED", "Office", "OpenedKey", "enrol", "now_ms", "open_key"]
