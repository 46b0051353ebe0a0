"""The catalogue: tables for looking things up, derived from the ledger; at any time rebuilt, or compared with it.

    tables       one row an entry, loads, envelopes, progress; what a row holds, as tuples
    projector    entry bytes → rows, pure; loaded rows here, acts in acts, one projection a kind
    linked       what a projection is and may ask; searched: the words under which an entry is found
    engine       what SQLite does in its own way: schema, rows in bulk, full text, the time limit, the fresh file
    queries      the questions
    viewing      who looks and what is wanted: the one condition on what is found
    statements   questions whose SQL is written once
    catalogue    the catalogue itself: projects in order, may lag, never leads, answers
    rebuild      built anew in a fresh file, then swapped in
    comparison   ledger and catalogue read side by side, every difference named

It holds what is needed to find, filter, order and group; what is shown is read from the ledger's entry (ADR 0005). It
never imports `registry.storage`: the office opens the file and hands it in. This module imports nothing.
"""
