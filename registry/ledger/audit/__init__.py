"""The audit of a ledger, from its entries alone: whoever holds bundles, tiles and checkpoints can run it, a mirror too.

    fault        what was found, as values: an audit goes on after a fault
    evidence     the port: what an audit reads
    tree         leaves → tiles → root, each tile compared as it grows
    bundles      framed entries, settled with the tree
    seals        every checkpoint: signatures of the log, and the root at its size
    entries      from framed bytes to acts and rows, in canonical form
    links        act to act: position, hash, number; no subject begins twice
    loads        rows and the load that covers them
    authority    every act decided again: key, role, rule
    walk         one pass over all of it
    readings     a reading opened, for those who hold its disclosures
    claims       what somebody kept, held against the ledger

Memory is bounded by 8 bytes a subject, one bit an entry, and about 130 bytes for each subject that has an act. This
module imports nothing.
"""
