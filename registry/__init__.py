"""The registry: what Muniment keeps, room by room.

    errors      what can go wrong, as one tree
    settings    where the registry and its signer lie, read once
    records     what is recorded and who may do it: pure rules, no clock, no files
    ledger      the Merkle ledger in the C2SP formats, and its verifier
    vault       bodies and withheld details, encrypted, one key per muniment version
    catalogue   tables for looking things up, derived from the ledger
    storage     the engines: SQLite (and PostgreSQL), opened and asserted
    sequencer   the only writer: decide, append, commit, in turn
    loading     historical records: one reader a published format, one loader
    desk        where one signed-in officer acts and asks
    office      the one process that holds a registry open; joins the rooms
    door        the office's socket: the same desk from another process
    commands    the command line

Imports go upwards only, from `errors` to `commands`; the contracts stand in pyproject.toml. This module imports
nothing, so that a verifier of receipts loads no database.
"""
