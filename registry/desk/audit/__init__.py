"""The office's audit: the ledger's own, and with it all that only the office holds.

    tables      the port: the ledger's store as it lies there
    beside      tails, requests, subjects, standing and loads against what the entries give
    runs        the ids of loaded rows against the rows
    envelopes   the vault against the digests in the entries, and readings opened
    whole       all of it in one pass
    office      the same for an office's own rooms

This module imports nothing.
"""
