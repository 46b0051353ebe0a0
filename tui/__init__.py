"""The workbench: the clerks' terminal.

    app         the application: theme, keys, and the function it was started with
    screens     one screen a file
    wording     every sentence that the workbench says by itself
    __main__    the command `muniment workbench`: opens the registry and starts the application

Screens know the desk, the records and the errors, nothing else. What they show passes `registry.records.text.safe` and
reaches a widget with markup off.
"""
