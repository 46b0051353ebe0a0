"""The workbench: the clerks' terminal.

    app, bench   the application; what every screen knows of it
    actions      the one registry of actions: keys, sentences, who may
    pump         keys typed ahead: none lost, none kept that could sign by mistake
    screens      one screen a file; homes.py lists those that `g` goes to
    widgets      one widget a file
    seat, handed who sits here, and what signing in hands over
    proof        the seal of a record, recomputed at this desk
    drafts       what was typed and not filed, sealed on disk
    wording      every sentence that the workbench says by itself
    themes       the palettes of palettes.tcss
    compat       every private call of Textual
    __main__     the command `muniment workbench`: opens the registry for whoever signs in

Screens know the desk, the records and the errors, nothing else. What they show passes `registry.records.text.safe` and
reaches a widget with markup off.
"""
