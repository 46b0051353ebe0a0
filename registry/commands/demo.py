"""`muniment demo`: all of it at work in a registry made for the purpose, tampering included.

Every step is a command that a user would type, run by the same code, after a sentence that says why. Nothing is staged:
the refusal is refused by the rule, and the audit finds the changed byte because it reads everything again. At a
terminal the registry is then open for use: see `open_day`.
"""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from registry.commands import open_day
from registry.commands.files import shown
from registry.commands.keyfiles import make_pair
from registry.commands.output import say
from registry.errors import Misuse
from registry.settings import OFFICER, PASSPHRASE_FILE, REGISTRY, SIGNER

FOLDER = Path("muniment-demo")
MARKER = "made-by-muniment-demo"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SALES = ("sales.csv", "adds.csv", "changes.csv", "deletes.csv")
PEOPLE = ("a.admin", "j.patel", "m.okoye", "p.novak", "gateway")
PHRASE = "demonstration"
CLIENTS = (("POL", "police"), ("BANK", "bank"))
"""Departments whose systems ask at the gateway, and what their key files are called."""

DEED = """TRANSFER OF WHOLE OF REGISTERED TITLE
Title number: K871204
Property: 12 Hollow Place, Eastlea QZ4 9DN
Transferor: Edith Green        Transferee: Amara Okafor
The transferor transfers the property to the transferee{more}.
"""


class Stage:
    """The demonstration's folder, and the commands run in it."""

    def __init__(self, folder: Path, run: Callable[[list[str]], int]) -> None:
        self.folder, self._run = folder, run
        self.registry = folder / "office"
        self.signer = folder / "office.signer"
        self.step = 0

    def tell(self, sentence: str) -> None:
        """A step, in a sentence."""
        self.step += 1
        say()
        say(f"{self.step}. {sentence}")

    def type(self, who: str | None, *words: str, expect: int = 0) -> None:
        """Show a command and run it as that officer. Raises Misuse where its exit code is not the expected one."""
        for name in (OFFICER, PASSPHRASE_FILE):
            os.environ.pop(name, None)
        if who is not None:
            os.environ[OFFICER] = who
            os.environ[PASSPHRASE_FILE] = str(self.passphrase(who))
        shown = " ".join(f"'{word}'" if " " in word else word for word in words)
        say(f"   {who + ' ' if who else ''}$ muniment {shown}")
        code = self._run(list(words))
        if code != expect:
            raise Misuse(f"the demonstration expected exit code {expect} of 'muniment {shown}' and found {code}")

    def passphrase(self, who: str) -> Path:
        """That officer's passphrase file."""
        return self.folder / "passphrases" / who


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where to make it; one that an earlier demonstration made is made anew.")
    ] = FOLDER,
) -> None:
    """See all of it work, tampering included, in a registry made for the purpose.

    Founds a registry with three departments and four people, loads historical
    records, lodges and revises a deed, shows a refusal, a history with its
    links, the checkpoints, and a receipt checked offline; then changes one
    byte in a copy of the database and shows what the audit names.

    At a terminal it then opens the office, the gateway beside it for two
    departments whose keys lie ready, and the workbench. Leaving the workbench
    closes all of them.

    Example:
        muniment demo
    Exit codes: 0, 2, 4
    See also: workbench, gateway, office
    """
    from registry.commands import run

    folder = folder.resolve()
    _make_room(folder)
    stage = Stage(folder, run)
    before = {name: os.environ.get(name) for name in (REGISTRY, SIGNER, OFFICER, PASSPHRASE_FILE)}
    os.environ[REGISTRY], os.environ[SIGNER] = str(stage.registry), str(stage.signer)
    try:
        street, deed = _play(stage)
        if sys.stdin.isatty() and sys.stdout.isatty():
            stage.tell("The registry is open: an office, a gateway beside it, and the workbench for you.")
            open_day.hold(folder, run, open_day.Sheet(PHRASE, street, deed))
        else:
            _point(stage)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _make_room(folder: Path) -> None:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARKER).exists():
            raise Misuse(f"{folder}: holds something that no demonstration made; name another folder")
        if open_day.is_open(folder / "office"):
            raise Misuse(f"{folder}: an earlier demonstration is still open there; leave its workbench first")
        shutil.rmtree(folder)
    (folder / "passphrases").mkdir(parents=True, mode=0o700)
    (folder / MARKER).touch()
    for who in PEOPLE:
        path = folder / "passphrases" / who
        path.touch(mode=0o600)
        path.write_text(f"{PHRASE}\n")


def _play(stage: Stage) -> tuple[str, str]:
    """The whole demonstration; returns a street to search for ("" where nothing was loaded), and a deed's reference."""
    _found(stage)
    _let_in(stage)
    street = _load(stage)
    deed = _lodge(stage)
    _prove(stage, deed)
    stage.tell("A clerk who may not withdraw is told who may. The refusal is itself an act.")
    stage.type("j.patel", "withdraw", deed, "--reason", "lodged twice", expect=1)
    stage.tell("The history: each act has its number and names the one before it by position and hash.")
    say("   ✓ means compared with the tree; a gap or a difference would stand there in words.")
    stage.type("m.okoye", "history", deed)
    stage.tell("The ledger's checkpoints as blocks: each is signed twice and shown to extend the one before it.")
    stage.type(None, "checkpoint", "--list")
    if street:
        stage.tell("Anyone may look up what is public. A search is not a proof; a receipt is.")
        stage.type(None, "find", street, "--limit", "3")
    stage.tell("The audit reads it all again: tree, links, signatures, every officer's authority, catalogue and vault.")
    stage.type(None, "audit")
    _tamper(stage)
    return street, deed


def _point(stage: Stage) -> None:
    """Where to look next, for who reads this without a terminal."""
    stage.tell("Where to look next.")
    say(f"   The registry is {shown(stage.registry)}; passphrases lie in {shown(stage.folder / 'passphrases')}.")
    say(f"   export MUNIMENT_REGISTRY={shown(stage.registry)} MUNIMENT_OFFICER=j.patel")
    say(f"   export MUNIMENT_PASSPHRASE_FILE={shown(stage.passphrase('j.patel'))}")
    say("   muniment --help · muniment roles · muniment officer list · muniment loads · docs/commands.md")


def _found(stage: Stage) -> None:
    stage.tell("A land registry is founded: the registry, and apart from it its signer, with keys and the mark.")
    stage.type("a.admin", "init", "--origin", "registry.example/land", "--department", "HMLR", "--officer", "a.admin")
    stage.tell("A second department, and three more people, each with a key of his own and a role that ends in a year.")
    stage.type("a.admin", "department", "add", "POL", "Police")
    enrolled = (
        ("j.patel", "HMLR", "intake-clerk", "--may-open"),
        ("m.okoye", "HMLR", "registrar", "--may-open"),
        ("p.novak", "POL", "reader"),
    )
    for name, department, role, *more in enrolled:
        file = ("--new-passphrase-file", shown(stage.passphrase(name)))
        stage.type("a.admin", "officer", "enrol", name, "--department", department, "--role", role, *more, *file)
    stage.type("a.admin", "officer", "appoint", "m.okoye", "loader")


def _let_in(stage: Stage) -> None:
    """Departments whose systems ask at the gateway: a key each, and the gateway's own officer."""
    stage.tell(
        "Two departments' systems get keys: the public half is enrolled by an act. The gateway is an officer, too."
    )
    stage.type("a.admin", "department", "add", "BANK", "Eastlea Bank")
    for code, name in CLIENTS:
        public = make_pair(stage.folder / name)
        stage.type("a.admin", "department", "key", "add", code, shown(public))
    file = ("--new-passphrase-file", shown(stage.passphrase("gateway")))
    stage.type("a.admin", "officer", "enrol", "gateway", "--department", "HMLR", "--role", "reader", *file)


def _load(stage: Stage) -> str:
    """Load the fixtures; returns a street to search for, or "" where there are none."""
    if not FIXTURES.is_dir():
        stage.tell("No fixtures lie beside this installation, so no historical records are loaded.")
        return ""
    stage.tell("Historical land records are loaded: signed for before the first row, each row provable on its own.")
    for name in SALES:
        stage.type("m.okoye", "load", shown(FIXTURES / name))
    stage.tell("The same file again: nothing is recorded twice.")
    stage.type("m.okoye", "load", shown(FIXTURES / SALES[0]))
    with (FIXTURES / SALES[0]).open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))[9].lower()


def _lodge(stage: Stage) -> str:
    """Lodge and revise a deed; returns its reference."""
    from registry.office import Office
    from registry.settings import Settings

    stage.tell(
        "A clerk lodges a deed. The parties' names are withheld: the ledger holds salted digests, the vault the values."
    )
    deed = stage.folder / "transfer.txt"
    deed.write_text(DEED.format(more=""))
    clear = ("--kind", "TRANSFER", "--detail", "title=K871204", "--visibility", "departments")
    stage.type("j.patel", "lodge", shown(deed), *clear, "--withheld", "transferee=Amara Okafor")
    with Office.reading(Settings(stage.registry, stage.signer)) as office:
        act = office.services.act(office.store.head().size - 1)
        assert act is not None
        subject = act.subject
    stage.tell("A slip is found and the deed revised. Both versions stay.")
    deed.write_text(DEED.format(more=" with full title guarantee"))
    stage.type(
        "j.patel", "revise", subject, shown(deed), "--detail", "title=K871204", "--withheld", "transferee=Amara Okafor"
    )
    return subject


def _prove(stage: Stage, deed: str) -> None:
    receipt, policy = stage.folder / "transfer.tlog-proof", stage.folder / "land.policy"
    stage.tell(
        "The clerk takes a receipt for the parties (its disclosures are a recorded reading), and the policy file."
    )
    stage.type("j.patel", "receipt", deed, "-o", shown(receipt), "--with-disclosures")
    stage.type(None, "policy", "-o", shown(policy))
    stage.tell("Receipt and policy are enough to check it, years later, without the office and without a network.")
    content = ("--content", shown(stage.folder / "transfer.txt"))
    stage.type(None, "verify", shown(receipt), "--policy", shown(policy), *content)


def _tamper(stage: Stage) -> None:
    stage.tell("Now somebody with the database in hand changes one byte of a recorded entry (in a copy).")
    copy = stage.folder / "tampered"
    shutil.copytree(stage.registry, copy)
    where = change_one_byte(copy / "ledger.db")
    say(f"   one bit of {where} in {shown(copy / 'ledger.db')} is not what it was")
    stage.tell("The audit names position, subject and what is wrong; the copy that still agrees is named too.")
    stage.type(None, "audit", "--registry", shown(copy), "--signer", shown(stage.signer), expect=1)


def change_one_byte(ledger: Path) -> str:
    """Flip one bit in an entry, as someone would who holds the file; returns where."""
    database = sqlite3.connect(ledger)
    tables = (("bundle", "n"), ("tail", "start"))
    rows = (
        (table, key, database.execute(f"SELECT {key}, body FROM {table} LIMIT 1").fetchone()) for table, key in tables
    )
    table, key, (number, body) = next(found for found in rows if found[2] is not None)
    place = len(body) // 2
    changed = bytearray(body)
    changed[place] ^= 1
    with database:
        database.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
        database.execute(f"UPDATE {table} SET body = ? WHERE {key} = ?", (bytes(changed), number))
    database.close()
    return f"{table} {number}, byte {place:,}"
