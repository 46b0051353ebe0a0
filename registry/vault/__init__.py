"""The vault: bodies and withheld details, encrypted, one key per envelope, and what it takes to destroy that key.

    envelope    the STREAM construction: how a body becomes ciphertext chunks and comes back
    keys        purposes, commitment, and the one who wraps: wrap, unwrap, destroy
    ports       what the vault asks of the store that keeps its envelopes
    vault       seal, open, check without a key, shred
    passphrase  a secret sealed under a passphrase, as a small JSON file
    exchange    a secret sealed to an officer's public key (HPKE)

This module imports nothing.
"""
