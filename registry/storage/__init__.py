"""The engines: opening, pragmas, schema versions, and the tables of ledger and vault. Only the office names them.

    sqlite         a SQLite file opened through APSW: pragmas read back, faults told, schema versions
    ledger         the ledger's store, over ledger_tables; ledger_turn is one turn of its writer
    lock           who holds the registry open
    vault          the vault's tables and store
    durable        small private files, written whole or not at all
    signer         the folder of keys and the mark, apart from the registry
    officer_keys   officers' key files, and the count of wrong passphrases
    mark           the largest tree that this signer signed

This module imports nothing: a command that needs no database loads none.
"""
