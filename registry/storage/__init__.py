"""The engines: opening, pragmas, schema versions, and the tables of ledger and vault. Only the office names them.

    sqlite   a SQLite file opened through APSW: pragmas read back, faults told as the office's errors, schema versions
    ledger   the ledger's tables
    vault    the vault's tables
    signer   the folder of keys and the mark, apart from the registry

This module imports nothing: a command that needs no database loads none.
"""
