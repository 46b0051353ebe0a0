"""The one registry of actions: what keys do, and who may. It feeds the bindings, the key line, the palette and help.

Same key, same meaning, on every screen. A screen lists the ids of its actions in `ACTIONS` and has a method `do_<id>`
for each (`-` becomes `_`). Letters and signs work only while no field has the focus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

from registry.records.roles import Verb


@dataclass(frozen=True, slots=True)
class Action:
    """`keys` as Textual names them; `name` stands on the key line, `sentence` in palette and help. `verb` is what the
    role × verb table must allow; `go` the letter after `g`; `shown`: whether the key line has room for it."""

    id: str
    keys: tuple[str, ...]
    name: str
    sentence: str
    verb: Verb | None = None
    go: str = ""
    shown: bool = True


ACTIONS: dict[str, Action] = {
    action.id: action
    for action in (
        # everywhere
        Action("help", ("f1", "question_mark"), "Help", "Explain the field, the last message and the keys."),
        Action("palette", ("ctrl+p",), "Commands", "All commands: those allowed now, and why the rest are not."),
        Action("back", ("f3", "escape"), "Back", "Back one level; what was shown stays."),
        Action("go", ("g",), "Go", "Go to another part of the workbench by its letter."),
        Action("lock", ("ctrl+l",), "Lock", "Lock this desk; the passphrase opens it again.", shown=False),
        Action("quit", ("ctrl+q",), "Quit", "Sign out and leave the workbench."),
        Action("theme", (), "Theme", "Change the colours: night, day, contrast.", shown=False),
        Action("refresh", ("f5",), "Refresh", "Read this page again."),
        Action("search-box", ("slash",), "Search", "To the search box; from elsewhere, to the search.", Verb.SEARCH),
        # homes
        Action("go-home", (), "Home", "The day: acts, loads, state of the ledger.", go="h"),
        Action("go-search", (), "Search", "Search the register.", Verb.SEARCH, go="s"),
        # lists
        Action("open", ("enter",), "Open", "Open the row under the cursor."),
        # a record
        Action("previous", ("f7", "p"), "Prev", "The previous record of the list.", shown=False),
        Action("next", ("f8", "n"), "Next", "The next record of the list.", shown=False),
        Action("proof", ("f9",), "Proof", "Recompute the proof here, and show receipt, path and checkpoint."),
        Action("copy", ("y",), "Copy ref", "Put the reference on the clipboard.", shown=False),
        Action("export", ("e",), "Receipt", "Save the receipt to a file.", Verb.RECEIPT_TAKE),
        Action("counter", ("k",), "Page", "Save the receipt as one printed page in plain words.", Verb.RECEIPT_TAKE),
        Action("revise", ("f6",), "Revise", "Record the next version of this muniment.", Verb.MUNIMENT_REVISE),
        Action("withdraw", ("x",), "Withdraw", "Take this muniment out of use, with a reason.", Verb.MUNIMENT_WITHDRAW),
        # forms and runs
        Action("submit", ("ctrl+s", "f10"), "File", "Sign what the form says and record it."),
        Action("lookup", ("f4",), "Lookup", "Show what this field takes, each code with its meaning."),
        Action("same", ("ctrl+d",), "Same", "Put into this field what the previous record had there."),
        Action("undo", ("ctrl+z",), "Undo", "Take back a step of this draft; never a recorded act."),
        Action("fresh", ("f6",), "Next", "Go on to the next record, once this one is filed."),
        Action("cancel", ("f12",), "Discard", "Discard the form, or stop what runs. Nothing recorded is taken back."),
        Action("folder-up", ("backspace",), "Up", "To the folder above.", shown=False),
        # officers
        Action(
            "enrol",
            ("f6",),
            "Enrol",
            "Enrol an officer: make the key file, record the public half.",
            Verb.OFFICER_ENROL,
        ),
        Action("appoint", ("a",), "Appoint", "Appoint this officer to a role.", Verb.OFFICER_APPOINT),
        Action("confirm", ("c",), "Confirm", "Give the second administrator's word.", Verb.OFFICER_CONFIRM),
        Action("revoke", ("x",), "Revoke", "End this officer's key and every role.", Verb.OFFICER_REVOKE),
        Action("roles", ("r",), "Roles", "What each role may do."),
        # loads and audit
        Action(
            "try-load", ("ctrl+t",), "Dry run", "Try the file: what a load would do, nothing recorded.", Verb.LOAD_RUN
        ),
        Action("audit", ("v",), "Verify all", "Read the whole registry again and compare everything."),
        # going there
        Action("go-lodge", (), "Lodge", "Lodge a document.", Verb.MUNIMENT_LODGE, go="l"),
        Action("go-load", (), "Load", "Load historical records from a file.", Verb.LOAD_RUN, go="i"),
        Action("go-officers", (), "Officers", "Officers and roles.", Verb.OFFICER_LIST, go="o"),
        Action("go-audit", (), "Audit", "Read everything again and name what is wrong.", go="v"),
    )
}

NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "minus": "-",
}
_PLAIN = frozenset({"enter", "escape", "space", *NAMES})


def key_name(key: str) -> str:
    """A key as it is printed: `f5` → F5, `ctrl+p` → Ctrl+P, `y` → y."""
    if key in NAMES:
        return NAMES[key]
    if len(key) == 1:
        return key
    return "+".join(part.capitalize() for part in key.split("+"))


def keys_of(action: Action) -> str:
    """The keys of an action as printed, `F3 Esc`; `g s` for what is gone to."""
    return f"g {action.go}" if action.go else " ".join(map(key_name, action.keys))


def bindings(ids: Iterable[str]) -> list[Binding]:
    """Textual's bindings of these actions: one a key, F-keys and Ctrl+letter before the focused field sees them."""
    return [
        Binding(
            key,
            f"app.do('{action.id}')",
            action.name,
            id=f"{action.id}.{key}",
            show=action.shown,
            priority=len(key) > 1 and key not in _PLAIN,
        )
        for action in (ACTIONS[name] for name in ids)
        for key in action.keys
    ]
