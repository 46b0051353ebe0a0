"""The door: the office's Unix socket, through which desks in other processes reach it. No rule of its own.

    frames     what crosses the door, and how: messages, their bytes, their deadlines
    verbs      the one table of what may be asked, verb by verb
    consent    what an officer's process looks at before it signs what the office asks it to
    spool      bodies on their way, kept aside under a key that nobody keeps
    carried    a client's files, as the office's desk sees them
    connection the office's side of one client: signed in, asked, answered
    server     it listens, gives each connection a thread, and closes in order
    errand     the client's side of one verb: what the office asks for meanwhile is answered, or refused
    lines      a desk's connections, one verb at a time on each; an office that went away is noticed
    client     the other side: knock, sign in, and a desk like any other
    desks      several desks of one officer, for a service that outlives the office

The desk itself stands in the office, so every right is checked and every reading recorded there, whatever the client
does; the officer's key stands in his own process, which is asked for each signature and never signs blind (ADR 0009).
"""
