"""A record whose every field is hostile, through every screen, dialog, export and command, in a real terminal.

All that reached the terminal is taken apart: what Textual and progress bars send by themselves, printable text, and
nothing else. Clipboard, title and the terminal's answers stay untouched, and no word of a record is ever obeyed.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.hostile import BAR, COMMANDS, HOSTILE, PHRASE, PILE, Lair, foreign, lair
from tests.tui.terminal import Terminal

pytestmark = pytest.mark.slow

F1, F3, F4, F6, F9, F12 = b"\x1bOP", b"\x1bOR", b"\x1bOS", b"\x1b[17~", b"\x1b[20~", b"\x1b[24~"
ENTER, TAB, BACK_TAB, DOWN, END = b"\r", b"\t", b"\x1b[Z", b"\x1b[B", b"\x1b[F"
CTRL_L, CTRL_P, CTRL_Q, CTRL_S, CTRL_T = b"\x0c", b"\x10", b"\x11", b"\x13", b"\x14"
FRESH = b"\x05\x15"  # to the end of the field, and delete all before it
WORD, BOSS = PHRASE.encode(), ("--officer", "boss")
SHOWN = "␛]52;c;cm0gLXJmIH4=␇"  # the first of the hostile words, as it may be shown


def pasted(text: str) -> bytes:
    """A paste: the terminal brackets it, and takes out what would end the bracket."""
    return b"\x1b[200~" + text.replace("\x1b[201~", "").encode() + b"\x1b[201~"


def click(column: int, row: int) -> bytes:
    """The left button, pressed and let go (SGR 1006)."""
    return f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m".encode()


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Lair:
    return lair(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def den(held: Lair, tmp_path: Path) -> Lair:
    """A copy of it, closed."""
    town = held.town.copied(tmp_path / "town")
    town.close()
    papers = Path(shutil.copytree(held.folder, tmp_path / held.folder.name))
    return Lair(town, papers, held.muniment, held.own, held.withdrawn, held.sale)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30)], ids=["80x24", "100x30"])
def test_on_every_screen_and_in_every_dialog_nothing_is_obeyed(
    den: Lair, tmp_path: Path, columns: int, rows: int
) -> None:
    settings = den.town.settings
    places = ["--registry", str(settings.registry), "--signer", str(settings.signer)]
    terminal = Terminal(["-m", "tui", *places], columns=columns, rows=rows, state=tmp_path, folder=den.folder)
    try:
        terminal.until("M0100")
        for keys, words in _walk(den):
            terminal.then(keys, words)
        for row in range(4, rows - 3, 4):  # whatever stands there: markup of a record is no button
            terminal.type(click(24, row) + click(columns - 30, row))
        terminal.then(CTRL_L, "M0111")
        terminal.then(WORD + ENTER, "M0112")
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    finally:
        terminal.close()
    sent = terminal.seen
    clipboard = f"\x1b]52;c;{base64.b64encode(den.sale.encode()).decode()}\x07"
    assert sent.count(b"\x1b]52;") == 1, "the clerk's own copy and no other"
    assert foreign(sent.replace(clipboard.encode(), b"")) == []
    assert b"Traceback" not in sent
    assert "M0902" not in terminal.text()
    for made in ("a.page", "a.tlog-proof"):
        assert foreign((den.folder / made).read_bytes()) == []


def _walk(den: Lair) -> Iterator[tuple[bytes, str]]:
    """(keys, what is drawn then): sign-in, search, records and their dialogs, forms, load, officers, audit."""
    yield pasted(HOSTILE) + ENTER + b"x" + ENTER, "M0104"  # nobody of that name
    yield BACK_TAB + FRESH + b"boss" + ENTER + WORD + ENTER, "Newest acts"
    yield b"/zebra" + ENTER, SHOWN
    yield DOWN + ENTER, "M0301"  # a sale, and another at its address
    yield F9, "Proof of sale/"
    yield F3 + b"e" + FRESH + pasted(f"nowhere/{PILE}{HOSTILE}") + ENTER, "✗"
    yield FRESH + b"a.tlog-proof" + ENTER, "M0302"
    yield b"k" + FRESH + b"a.page" + ENTER, "M0303"
    yield F1, "The last message"
    yield F3 + CTRL_P, "Commands"
    yield pasted(HOSTILE), "type"
    yield F3 + b"y", "M0304"
    for subject, words in ((den.muniment, "revised"), (den.own, "visible to its own"), (den.withdrawn, "withdrawn")):
        yield b"/" + subject.encode() + ENTER, "M0202"
        yield ENTER, words
        yield F9, "Proof of muniment/"
        yield F3, SHOWN
    yield b"/" + den.muniment.encode() + ENTER, "M0202"
    yield ENTER, "M0301"
    yield F6, "details are given anew"
    yield F4, "Backspace goes up"
    yield END + ENTER, "␛"
    yield TAB + pasted(f"about = {PILE}") + CTRL_S, "M0412"
    yield F1, "The last message"
    yield F3 + F12, "Discard this form?"
    yield DOWN + ENTER, "M0418"
    yield F3 + F3 + b"gl" + F4, "Backspace goes up"
    yield END + ENTER, "␛"
    yield TAB + b"deed" + TAB + TAB + TAB, "DEED"
    yield pasted(f"about = {HOSTILE}") + TAB + pasted(f"donor = {PILE}") + CTRL_S, "M0412"
    yield F12, "Discard this form?"
    yield DOWN + ENTER, "M0418"
    yield F3 + b"gi", "Dry run"
    yield F4, "Backspace goes up"
    yield END + ENTER + CTRL_T, "M0501"
    yield ENTER, "Rejected rows"
    yield F3 + CTRL_S, "Type LOAD 1"
    yield b"LOAD 1" + ENTER, "M0506"
    yield F3 + b"go", "officer/9"
    yield b"r", "by the rules in force"
    yield F3 + F6, "Enrol an officer"
    yield pasted(HOSTILE) + TAB + b"EVIL" + TAB + pasted(PILE), "Dept"
    yield CTRL_S, "the keyboard is in Name"
    yield BACK_TAB + TAB + TAB + F4, "type to narrow"
    yield F3, "Dept"
    yield F3 + DOWN + DOWN + b"x", "Revoke officer/3"
    yield pasted(HOSTILE) + CTRL_S, "Yes, revoke"
    yield F3, "Revoke officer/3"
    yield F3 + b"gv", "Audit and verification"
    yield b"v", "M0701"
    yield F1, "The last message"
    yield END, "M0202"
    yield F3 + b"/" + pasted(PILE + HOSTILE) + ENTER, "M0203"
    yield b"/" + den.muniment.encode() + ENTER, "M0202"
    yield ENTER, "M0301"


PROGRAM = """
import json, sys
from registry.commands import main, run
for arguments in json.loads(sys.argv[1]):
    print("$", *map(ascii, arguments), flush=True)
    print("exit", run(arguments), flush=True)
"""


def test_no_command_lets_a_word_of_a_record_command_the_terminal(den: Lair, tmp_path: Path) -> None:
    settings, phrase = den.town.settings, tmp_path / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text(f"{PHRASE}\n")
    given = _commands(den)
    terminal = Terminal(
        ["-c", PROGRAM, json.dumps([arguments for arguments, _ in given])],
        folder=den.folder,
        more={
            "MUNIMENT_REGISTRY": str(settings.registry),
            "MUNIMENT_SIGNER": str(settings.signer),
            "MUNIMENT_OFFICER": "founder",  # whose key is cheap to open
            "MUNIMENT_PASSPHRASE_FILE": str(phrase),
        },
    )
    try:
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert foreign(terminal.seen, BAR) == []
    told = terminal.seen.decode()
    codes = re.findall(r"^exit (\d)", told, re.MULTILINE)
    assert [int(code) for code in codes] == [code for _, code in given], told[-4000:]
    documents = [json.loads(one) for one in re.findall(r"^(?:\[.*\]|\{.*\})\r$", told, re.MULTILINE)]
    assert HOSTILE in [one["details"].get("about") for one in documents if isinstance(one, dict) and "details" in one]
    assert "Traceback" not in told
    rejects = next(den.folder.glob("zoo*.rejects.csv")).read_bytes()
    assert b"\x1b]0;owned" in rejects, "given back byte for byte, in a file and not on a screen"


def _commands(den: Lair) -> list[tuple[list[str], int]]:
    """(command line, exit code): every command that shows data, first in words and then in JSON."""
    zoo, proof = f"zoo {COMMANDS}.csv", f"deed {COMMANDS}.tlog-proof"
    shown = [
        ["find", "zebra"],
        ["show", den.muniment],
        ["show", den.own],
        ["show", den.sale],
        *(["history", subject] for subject in (den.muniment, den.withdrawn, den.sale, "officer/9", "department/EVIL")),
        ["loads"],
        ["officer", "list"],
        ["department", "list"],
        ["department", "key", "list", "EVIL"],
        ["status"],
        ["audit"],
        ["checkpoint", "--list"],
        [*BOSS, "load", zoo, "--dry-run"],
    ]
    given = [(arguments, 0) for one in shown for arguments in (one, [*one, "--json"])]
    given += [
        ([*BOSS, "receipt", den.muniment, "-o", proof, "--with-disclosures"], 0),
        (["policy", "-o", f"policy {COMMANDS}"], 0),
        (["verify", proof, "--policy", f"policy {COMMANDS}"], 0),
        (["verify", proof, "--policy", f"policy {COMMANDS}", "--json"], 0),
        (["verify", proof, "--policy", f"policy {COMMANDS}", "--content", zoo], 1),
        ([*BOSS, "open", den.muniment, "-o", f"body {COMMANDS}"], 0),
        ([*BOSS, "lodge", zoo, "--kind", "DEED", "--detail", f"about={HOSTILE}", "--withheld", f"donor={HOSTILE}"], 0),
        ([*BOSS, "revise", den.own, zoo, "--detail", f"about={HOSTILE}"], 0),
        ([*BOSS, "withdraw", den.own, "--reason", HOSTILE], 0),
        ([*BOSS, "load", zoo], 0),
        ([*BOSS, "load", zoo], 0),
        (["export-log", f"log {COMMANDS}"], 0),
        (["verify-answer", zoo, "--policy", f"policy {COMMANDS}"], 1),
        # what is typed and refused
        (["lodge", zoo, "--kind", HOSTILE], 2),
        (["lodge", zoo, "--kind", "DEED", "--detail", f"about={PILE}"], 2),
        (["lodge", HOSTILE, "--kind", "DEED"], 2),
        (["officer", "enrol", HOSTILE, "--department", "EVIL"], 2),
        (["department", "add", HOSTILE, HOSTILE], 2),
        (["find", HOSTILE + PILE], 0),
        (["show", HOSTILE], 2),
        (["find", "zebra", f"--{HOSTILE}"], 2),
        ([HOSTILE], 2),
        (["--officer", HOSTILE, "officer", "list"], 2),
        (["--registry", HOSTILE, "status"], 2),
    ]
    return given
