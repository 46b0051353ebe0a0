"""The ledger: an append-only Merkle tree in the C2SP formats, and all that it takes to check one.

    merkle       hashes, roots, proofs and their verification
    edge         the partial tiles of a growing tree
    tiles        where hashes and entries lie
    signature    Ed25519 and ML-DSA-44, made, and checked strictly
    note         signed notes and verifier keys
    checkpoint   a size and a root, signed by the log
    cosignature  what witnesses and mirrors add
    policy       whom we trust
    receipt      one act, checkable for ever by receipt and policy alone
    answer       a saved answer of the gateway: what of it is proved, and what is only signed
    completeness how far a history's numbers and links run without a gap
    issuance     which entries a receipt carries, and its bytes
    ports        what a store, a mark and a shelf of checkpoints promise
    log          reading over the ports
    sealer       from the newest head to a signed checkpoint
    known        which ids are recorded already
    export       the whole ledger as files that any tlog-tiles client reads
    audit        what entries alone can show: tree, links, signatures, authority

A verifier raises `Unproven` or returns what it found; it never returns False. No database, screen or web is imported.
"""
