"""The gateway: how other departments' systems ask the registry. It turns credentials into a desk and a query into that
desk's questions, and decides nothing itself.

    __main__      the command `muniment gateway`            app           the web application
    endpoint      POST /graphql: one request                negotiation   media types
    bodies        bodies, read with patience                connections   sockets that keep nobody waiting
    credentials   assertions, tokens, metadata              tilesite      checkpoint, tiles and policy as files
    documents     parsed, measured and validated once       limits, rates how much a query and a client may ask
    workers       the threads that operations run in        execution     graphql-core's executor, for functions alone
    resolvers     from a field to its function              opaque        ids and cursors

    context       who asks, through which desk              operation     one operation: its checkpoint, its readings
    answers       from a query to a signed answer           errors        the closed list of codes
    schema        every field under its rule                query         the questions
    nodes, pages, scalars                                   interfaces, Relay, texts

    One file a noun: agents, checkpoints, entities, entries, evidence, ledger, loads, muniments, properties, provenance,
    search, verification, viewer.

The folder above is never a package: tests/house/test_graphql_folder.py says why.
"""
