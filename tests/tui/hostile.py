"""Words that command a terminal, a registry full of them, and a grammar of what a terminal may be sent.

`foreign` takes the bytes that reached a terminal apart. What stays over, when the sequences that Textual (or a progress
bar) sends by itself and printable text are taken out, came from the data.
"""

from __future__ import annotations

import io
import re
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from fixtures.sales import line
from registry.desk.muniments import Document
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from tests.town import Town

SEQUENCES = (
    "\x1b]52;c;cm0gLXJmIH4=\x07",  # fills the clipboard
    "\x1b]0;owned\x07",  # sets the title
    "\x1b[6n\x1b[c",  # asks for an answer, which is then "typed"
    "\x1b[2J\x1b[?1049l",
    "\x1bP+q544e\x1b\\",
    "\x9b31m\x9d0;owned\x9c\x90q\x9c",  # the same in C1
    "\u202egpj\u2066x\u2069\u200e\u061c",  # runs backwards
    "\u200b\u00ad\ufeff\u2028",
    "[@click=app.quit]x[/][/nosuch][bold red]",  # markup
    "{0}%s\r\n\t\x08\x7f",
    "=cmd|x",
)
HOSTILE = "".join(SEQUENCES) + "e" + "\u0301" * 30  # as much as may be recorded
PILE = "e" + "\u0301" * 500  # more than that
FILE_NAME = (HOSTILE.replace("/", "_") + ".txt")[-60:]
"""Of the last ones, since a file's name has at most 255 bytes; `COMMANDS` is a name of the first ones."""
COMMANDS = "".join(SEQUENCES[:6]).replace("/", "_")[:80]

HOUR_MS = 3_600_000
PHRASE = "founder's"  # of the founder and of `boss`

OWN = re.compile(
    r"\x1b\[[0-9;]*m"  # colours
    r"|\x1b\[[0-9]+;[0-9]+H"  # the cursor
    r"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)[hl]"  # modes
    r"|\x1b\[\?(?:2026|2048)\$p"  # what the terminal can do: asked once, when the workbench starts
    r"|\x1b\[>25u|\x1b\[<u"  # kitty's keyboard
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the pointer's shape
    r"|\r\n"
)
BAR = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[hl]|\x1b\[2K|\x1b\[1A|\r\n|\r")
"""What a command may send: colours, and a progress bar's line drawn again."""
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def foreign(sent: bytes, own: re.Pattern[str] = OWN) -> list[str]:
    """What is neither `own` nor printable, each with what follows it."""
    text = own.sub("", sent.decode())
    return [
        text[at : at + 30]
        for at, letter in enumerate(text)
        if letter in _DIRECTION or (unicodedata.category(letter) == "Cc" and letter != "\n")
    ]


@dataclass(frozen=True, slots=True)
class Lair:
    """A registry whose every field is hostile, closed; `folder` has hostile files to lodge and load."""

    town: Town
    folder: Path
    muniment: str
    own: str
    withdrawn: str
    sale: str


def lair(folder: Path) -> Lair:
    """Officer `boss` has every role; all else in it is hostile as far as the rules let it in."""
    town = Town(folder)
    town.clock.now = time.time_ns() // 1_000_000 - HOUR_MS  # its officers' year has to last at a real clock
    town.staff()
    founder = town.desk("founder")
    founder.officers.add_department("EVIL", f"Dept {HOSTILE}")
    town.enrol("evil", Role.READER, "EVIL")
    founder.officers.revoke(town.references["evil"], HOSTILE)
    boss, *_ = town.office.enrol(founder, "boss", "HMLR", PHRASE, role=Role.INTAKE_CLERK, may_open=True)
    for role in (Role.LOADER, Role.REGISTRAR, Role.ADMINISTRATOR):
        founder.officers.appoint(boss.subject, role, None)
    fields = {"title": f"zebra {HOSTILE}", "about": HOSTILE}
    lodged = [
        _lodge(town, {"visibility": visibility, "details": fields, "withheld": {"donor": HOSTILE}})
        for visibility in (Visibility.PUBLIC, Visibility.OWN, Visibility.DEPARTMENTS)
    ]
    clerk = town.desk("intake-clerk")
    clerk.muniments.revise(lodged[0], _document(), details=fields, withheld={"donor": HOSTILE})
    town.desk("registrar").muniments.withdraw(lodged[2], HOSTILE)
    papers = folder / f"papers {COMMANDS}"
    papers.mkdir()
    (papers / FILE_NAME).write_text(HOSTILE)
    sale = "{0A1B2C3D-0000-4000-8000-00000000000A}"
    rows = [_sale(sale, HOSTILE.replace('"', "").replace("\n", "")), _sale(sale.replace("A}", "B}"), "x")]
    (papers / f"sales {COMMANDS}.csv").write_bytes(b"".join(rows))
    town.desk("loader").loads.load(papers / f"sales {COMMANDS}.csv")
    (papers / f"zoo {COMMANDS}.csv").write_bytes(
        _sale(sale.replace("A}", "C}"), PILE) + _sale("\x1b]0;owned\x07", "x") + b'"\x1b[6n"\n'
    )
    town.close()
    return Lair(town, papers, lodged[0], lodged[1], lodged[2], f"sale/{sale[1:-1]}")


def _document() -> Document:
    return Document(io.BytesIO(HOSTILE.encode()), len(HOSTILE.encode()), f"deed {COMMANDS}{FILE_NAME}")


def _lodge(town: Town, options: dict[str, object]) -> str:
    recorded = town.desk("intake-clerk").muniments.lodge(_document(), MunimentKind.DEED, **options)  # type: ignore[arg-type]
    return recorded.subject


def _sale(id: str, words: str) -> bytes:
    words = words.replace("\r", "")
    names = (f"ZEBRA {words}", words, words, PILE, words, words, words)
    return line([id, "250000", "2014-10-02 00:00", "QA16 6XW", "D", "N", "F", *names, "A", "A"])
