"""Bad input, row by row: a clear sentence, the right exit code, nothing recorded, no traceback, no raw control byte.

One table; the numbers are those of the design's list of bad input. Each line is given to the same `run` that the
program calls; some of them are given to the program itself as well.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.conftest import START, Answer, Place, Run, found

DEED = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
SOUND = re.compile(r"muniment: [^\x00-\x1f\x7f-\x9f\u202e]+\n")


@dataclass(frozen=True, slots=True)
class Case:
    """A command line, and what must come of it: exit code and a piece of the sentence."""

    name: str
    arguments: tuple[str, ...]
    code: int
    sentence: str
    officer: str | None = None


def case(name: str, arguments: str | tuple[str, ...], code: int, sentence: str, officer: str | None = None) -> Case:
    return Case(name, tuple(arguments.split()) if isinstance(arguments, str) else arguments, code, sentence, officer)


LODGE = ("lodge", "deed.txt", "--kind", "DEED")
CASES = (
    # What is typed: references, positions, days, details.
    case("18 path for an id", "show muniment/../../x", 2, "is not a muniment id"),
    case("18 escaped path for an id", "history muniment/%2e%2e", 2, "is not a muniment id"),
    case("18 no reference at all", "show deed", 2, "is not a reference"),
    case("18 upper case where it is lower", f"show {DEED.upper()}", 2, "is not a reference"),
    case("18 control characters in an id", ("show", "muniment/\x1b[31m\u202e"), 2, "is not a muniment id"),
    case("18 NUL in a path", ("receipt", "1", "-o", "a\0b"), 2, "null"),
    case("unknown subject", f"show {DEED}", 1, "is not held here, or is not yours to know of"),
    case("unknown position", "receipt 99999999 -o x.tlog-proof", 1, "99999999"),
    case("position beyond all", "receipt 99999999999999999 -o x", 2, "is not a reference"),
    case("position with a leading zero", "officer confirm 007", 2, "is not a position", "a.admin"),
    case("position in other digits", ("officer", "confirm", "١٢"), 2, "is not a position", "a.admin"),
    case("negative limit", "find deed --limit=-1", 2, "--limit: found '-1'"),
    case("limit of a million", "find deed --limit 1000000", 2, "expected a whole number from 1 to 1,000"),
    case("nothing to find", ("find", " "), 2, "nothing to find"),
    case("27 search of nothing but signs", ("find", "%_*\"'"), 0, "0 found"),
    case("26 SQL in a search", ("find", "'; DROP TABLE record; --"), 0, "0 found"),
    case("half a character in a search", ("find", "\udcff"), 2, "half a character"),
    case("23 no day", "officer appoint c.clerk reader --until 2026-02-30", 2, "which is no day", "a.admin"),
    case("23 year 0", "officer appoint c.clerk reader --until 0000-01-01", 2, "which is no day", "a.admin"),
    case("23 year 9999", "officer appoint c.clerk reader --until 9999-12-31", 2, "a year after 2199", "a.admin"),
    case("23 another form of day", "officer appoint c.clerk reader --until 01/02/2030", 2, "year-month-day", "a.admin"),
    case("23 a week for a day", "officer appoint c.clerk reader --until 2030-W01", 2, "year-month-day", "a.admin"),
    case("23 a day gone by", "officer appoint c.clerk reader --until 2020-01-01", 2, "has passed already", "a.admin"),
    case("unknown role", "officer appoint c.clerk king", 2, "expected one of administrator, registrar", "a.admin"),
    case("the founder's role", "officer appoint c.clerk founder", 2, "is not a role", "a.admin"),
    case("unknown officer", "officer appoint nobody reader", 1, "no officer signs in as 'nobody'", "a.admin"),
    case("unknown kind", "lodge deed.txt --kind WILL", 2, "expected one of DEED, TRANSFER", "c.clerk"),
    case("a kind that is loaded, never lodged", "lodge deed.txt --kind SALE_RECORD", 2, "expected one of", "c.clerk"),
    case("unknown visibility", (*LODGE, "--visibility", "all"), 2, "expected one of own, departments", "c.clerk"),
    case("detail without a value", (*LODGE, "--detail", "title"), 2, "expected NAME=VALUE", "c.clerk"),
    case("detail given twice", (*LODGE, "--detail", "a=1", "--detail", "a=2"), 2, "given twice", "c.clerk"),
    case("detail in clear and withheld", (*LODGE, "--detail", "a=1", "--withheld", "a=1"), 2, "choose one", "c.clerk"),
    case("detail with a hostile name", (*LODGE, "--detail", "\x1b[2J=1"), 2, "detail name", "c.clerk"),
    case("detail of the registry's own", (*LODGE, "--detail", "content=x"), 2, "taken by the registry", "c.clerk"),
    case("8 five hundred marks on a letter", (*LODGE, "--detail", "t=a" + "\u0301" * 500), 2, "too many", "c.clerk"),
    case("9 half a character in a detail", (*LODGE, "--detail", "t=\udcff"), 2, "half a character", "c.clerk"),
    case("a detail of 5,000 characters", (*LODGE, "--detail", "t=" + "x" * 5_000), 2, "at most 4,000", "c.clerk"),
    case("reason of nothing", ("withdraw", DEED, "--reason", " "), 2, "wants a reason", "c.clerk"),
    case("version 0", f"open {DEED} -o out --version 0", 2, "from 1 to", "c.clerk"),
    case("department in lower case", ("department", "add", "police", "x"), 2, "expected capitals", "a.admin"),
    case("department of no name", ("department", "add", "NEW", " "), 2, "wants a name", "a.admin"),
    # Doubled options: of two the last would win unseen.
    case("registry twice", "status --registry a --registry b", 2, "--registry is given twice"),
    case("registry before and after", "--registry a status --registry b", 2, "--registry is given twice"),
    case("kind twice", (*LODGE, "--kind", "PLAN"), 2, "--kind is given twice"),
    case("output twice", "receipt 1 -o a --output b", 2, "given twice"),
    # Files.
    case("no such document", "lodge nothing.pdf --kind DEED", 2, "cannot be read (No such file", "c.clerk"),
    case("a folder for a document", "lodge . --kind DEED", 2, "Is a directory", "c.clerk"),
    case("19 empty document", "lodge empty.txt --kind DEED", 2, "is empty", "c.clerk"),
    case("a pipe for a document", "lodge pipe --kind DEED", 2, "not a plain file", "c.clerk"),
    case("output that is there", "receipt 1 -o deed.txt", 2, "is there already"),
    case("output in no folder", "receipt 1 -o nowhere/x", 2, "cannot be written (No such file"),
    case("no such load", "load nothing.csv", 2, "nothing.csv: cannot be read (No such file", "l.loader"),
    case("13 an empty file to load", "load empty.txt", 2, "empty.txt", "l.loader"),
    case("a deed to load", "load deed.txt", 2, "deed.txt", "l.loader"),
    case("the wrong form", "load adds.csv --as muniments", 2, "adds.csv", "l.loader"),
    case("no form at all", "load adds.csv --as csv", 2, "expected sales or muniments", "l.loader"),
    case("one file twice", "load adds.csv adds.csv", 2, "is given twice", "l.loader"),
    case("rejects of a dry run", "load adds.csv --dry-run --rejects r", 2, "writes no rejects file", "l.loader"),
    case("rejects of two files in one", "load adds.csv deed.txt --rejects r", 2, "names one file", "l.loader"),
    # Proofs and policies.
    case("no receipt", "verify nothing --policy land.policy", 2, "receipt nothing: cannot be read"),
    case("not a receipt", "verify deed.txt --policy land.policy", 1, "this is no receipt"),
    case("39 a checkpoint for a receipt", "verify a.checkpoint --policy land.policy", 1, "line 1 of the receipt"),
    case("a wrong policy", "verify a.tlog-proof --policy deed.txt", 1, "line 1 of the policy"),
    case("a receipt for a policy", "verify a.tlog-proof --policy a.tlog-proof", 1, "line 1 of the policy"),
    case("39 a receipt with CRLF", "verify crlf.tlog-proof --policy land.policy", 1, "this is no receipt"),
    case("40 a hash too many", "verify long.tlog-proof --policy land.policy", 1, "hash"),
    case("40 a hash too few", "verify short.tlog-proof --policy land.policy", 1, "hash"),
    case("40 a position beyond the tree", "verify beyond.tlog-proof --policy land.policy", 1, "99999"),
    case("no content", "verify a.tlog-proof --policy land.policy --content nothing", 2, "content nothing: cannot"),
    case("a huge receipt", "verify huge --policy land.policy", 1, "this is no receipt"),
    case("audit against a deed", "audit --against deed.txt", 1, "--against deed.txt: "),
    case("adopting without a reason", "checkpoint --adopt", 2, "go together", "a.admin"),
    case("adopting a mark that is there", ("checkpoint", "--adopt", "--reason", "x"), 2, "holds a mark", "a.admin"),
    case("listing and adopting", "checkpoint --list --adopt --reason x", 2, "two things", "a.admin"),
    # Who asks.
    case("nobody to record", (*LODGE,), 2, "who asks?"),
    case("an officer without a key file", "loads --officer nobody", 2, "nobody.key", "a.admin"),
    case("18 a path for an officer", "loads --officer ../../x", 2, "is not a name", "a.admin"),
    case("who may not open the office", (*LODGE,), 4, "can open it", "r.reader"),
    # Who may.
    case("a clerk loads", "load deed.csv", 1, "you may not load historical records", "c.clerk"),
    case("a loader lodges", (*LODGE,), 1, "you may not lodge a muniment", "l.loader"),
    case("a loader appoints", "officer appoint c.clerk reader", 1, "you may not appoint officers", "l.loader"),
    case("appointing oneself", "officer appoint a.admin auditor", 1, "nobody appoints himself", "a.admin"),
    case("the last administrator leaves", "officer revoke a.admin", 1, "the last administrator", "a.admin"),
    # Where the registry is.
    case("42 no registry", "status --registry nowhere", 2, "no registry here"),
    case("42 a file for a registry", "status --registry deed.txt", 2, "no registry here"),
    case("no signer", "status --signer nowhere", 2, "nowhere"),
    case("42 the signer inside", "status --registry muniment-data --signer muniment-data/s", 2, "one lies inside"),
    case("founding where there is one", "init", 2, "there is something already", "a.admin"),
    case("an origin with a scheme", "init --registry n --origin https://x", 2, "is not an origin", "a.admin"),
    case("a hostile origin", ("init", "--registry", "n", "--origin", "x\x1b]0;\x07"), 2, "is not an origin", "a.admin"),
)  # fmt: skip
REFUSALS = frozenset(one.name for one in CASES if one.sentence.startswith(("you may", "nobody app", "the last adm")))
"""Refusals by rule are acts themselves."""


@pytest.fixture(scope="module")
def bad(land: Place) -> Place:
    """The registry, with bad files beside it."""
    folder = land.folder
    (folder / "empty.txt").touch()
    os.mkfifo(folder / "pipe")
    (folder / "huge").write_bytes(b"c2sp.org/tlog-proof@v1\n" * 200_000)
    shutil.copy(folder / "adds.csv", folder / "deed.csv")
    (folder / "deed.csv").write_bytes((folder / "adds.csv").read_bytes().replace(b"QZ4", b"QZ5") + b"\n")
    land.program("receipt", "4", "-o", "a.tlog-proof", officer="a.admin").done()
    receipt = (folder / "a.tlog-proof").read_text()
    (folder / "a.checkpoint").write_text(land.program("checkpoint").done().out)
    (folder / "crlf.tlog-proof").write_bytes(receipt.replace("\n", "\r\n").encode())
    head, checkpoint = receipt.split("\n\n", 1)
    another = base64.b64encode(bytes(32)).decode()
    (folder / "long.tlog-proof").write_text(f"{head}\n{another}\n\n{checkpoint}")
    (folder / "short.tlog-proof").write_text(f"{head.rsplit(chr(10), 1)[0]}\n\n{checkpoint}")
    (folder / "beyond.tlog-proof").write_text(receipt.replace("\nindex 4\n", "\nindex 99999\n"))
    return land


def _check(answer: Answer, wanted: Case) -> None:
    """Code and sentence; one line on standard error; nothing on either stream that could move a terminal."""
    assert answer.code == wanted.code, answer
    told = answer.err if wanted.code else answer.out
    assert wanted.sentence in told
    if wanted.code:
        assert SOUND.fullmatch(answer.err), answer.err
        assert answer.out == ""
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("wanted", CASES, ids=lambda one: one.name)
def test_bad_input_is_told_in_one_sentence_and_nothing_is_recorded(
    wanted: Case, bad: Place, ask: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bad.folder)
    before = ask(bad, "status", "--json").done().json()["size"]
    _check(ask(bad, *wanted.arguments, officer=wanted.officer), wanted)
    after = ask(bad, "status", "--json").done().json()["size"]
    assert after == before + (wanted.name in REFUSALS)


@pytest.mark.parametrize(
    "name", ["18 control characters in an id", "9 half a character in a detail", "not a receipt", "a loader lodges"]
)
def test_the_program_itself_answers_alike(name: str, bad: Place) -> None:
    wanted = next(one for one in CASES if one.name == name)
    _check(bad.program(*wanted.arguments, officer=wanted.officer), wanted)


def test_a_refusal_says_who_may(bad: Place, ask: Run) -> None:
    answer = ask(bad, "lodge", bad.folder / "deed.txt", "--kind", "DEED", officer="l.loader")
    assert "officer/2" in answer.err or "c.clerk" in answer.err


def test_hostile_text_is_recorded_as_it_is_and_shown_named(tmp_path: Path, ask: Run) -> None:
    """Rows 1 to 7: titles that would set the clipboard, type for the clerk, turn a line round, or pass for another."""
    place = found(tmp_path)
    (tmp_path / "invoice\u202egpj.exe").write_text("x")
    hostile = {
        "clipboard": "a\x1b]52;c;aGFjaw==\x07",
        "cursor": "\x1b[6n\x1b[c",
        "c1": "\x9b31m\x85",
        "markup": "[bold]x[/] [@click=app.quit]",
        "cyrillic": "Smith\u0430",
        "hidden": "Sm\u200bith",
        "sql": "'); DROP TABLE record; --",
        "formula": "=HYPERLINK(1)",
    }
    details = [word for name, value in hostile.items() for word in ("--detail", f"{name}={value}")]
    lodged = place.program(
        "lodge", tmp_path / "invoice\u202egpj.exe", "--kind", "OTHER", "--visibility", "public", "--json", *details,
        officer="a.admin",
    ).done()  # fmt: skip
    for warning in ("cyrillic: mixed alphabets", "hidden: zero-width characters", "clipboard: control characters"):
        assert warning in lodged.err
    subject = lodged.json()["subject"]
    shown = ask(place, "show", subject).done()
    assert "␛]52;c;aGFjaw==␇" in shown.out
    assert "<9B>31m<85>" in shown.out
    assert "invoice<RLO>gpj.exe" in shown.out
    assert "file_name: hidden direction marks" in shown.err
    assert "[bold]x[/] [@click=app.quit]" in shown.out
    for answer in (shown, ask(place, "history", subject), ask(place, "find", "HYPERLINK"), ask(place, "audit")):
        assert answer.code == 0
        assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", answer.out + answer.err) is None
    told = ask(place, "show", subject, "--json").done()
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told.out) is None
    details_told = told.json()["details"]
    assert {name: details_told[name] for name in hostile} == hostile


def test_a_wrong_passphrase_is_refused_and_after_five_there_is_a_wait(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    place.phrase("a.admin").write_text("not the passphrase\n")
    answers = [ask(place, "officer", "list", officer="a.admin") for _ in range(6)]
    assert [one.code for one in answers] == [2, 2, 2, 2, 2, 4]
    assert "Wait 30 s" in answers[4].err
    assert "5 wrong passphrases" in answers[5].err
    assert [one.err for one in answers if not SOUND.fullmatch(one.err)] == []


def test_whoever_signs_in_hears_of_wrong_passphrases_that_were_tried_meanwhile(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    right = place.phrase("a.admin").read_text()
    place.phrase("a.admin").write_text("not the passphrase\n")
    for _ in range(2):
        assert ask(place, "officer", "list", officer="a.admin").code == 2
    place.phrase("a.admin").write_text(right)
    told = "2 wrong passphrases tried on this key since it was last opened"
    assert told in ask(place, "officer", "list", officer="a.admin").done().err
    assert "wrong" not in ask(place, "officer", "list", officer="a.admin").done().err


def test_a_key_file_that_asks_for_a_terabyte_or_is_spoilt_is_refused(tmp_path: Path, ask: Run) -> None:
    """Row 36: the cost in a key file is bounded before anything is allocated."""
    place = found(tmp_path)
    path = place.signer / "officers" / "a.admin.key"
    key = json.loads(path.read_text())
    costly = {**key, "cost": {"lanes": 4, "memory_kib": 2**40, "passes": 10**9}}
    for text, sentence in ((json.dumps(costly, separators=(",", ":")) + "\n", "parameters out of range"), ("{\n", "")):
        path.write_text(text)
        answer = ask(place, "officer", "list", officer="a.admin")
        assert answer.code == 2
        assert f"{path}: {sentence}" in answer.err
        assert SOUND.fullmatch(answer.err)


def test_a_passphrase_file_that_others_may_read_is_refused(land: Place, ask: Run, tmp_path: Path) -> None:
    faults: dict[str, Callable[[Path], object]] = {
        "others can get at it": lambda path: path.chmod(0o644),
        "its first line is empty": lambda path: path.write_text("\nphrase\n"),
        "not UTF-8": lambda path: path.write_bytes(b"\xff\n"),
        "Is a directory": _make_a_folder,
    }
    for number, (sentence, spoil) in enumerate(faults.items()):
        path = tmp_path / str(number)
        path.write_text("the phrase of a.admin\n")
        path.chmod(0o600)
        spoil(path)
        place = Place(land.folder, {"MUNIMENT_PASSPHRASE_FILE": str(path), "MUNIMENT_OFFICER": "a.admin"})
        answer = ask(place, "officer", "list")
        assert answer.code == 2
        assert sentence in answer.err


def _make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def test_a_database_newer_than_the_program_is_not_opened(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    database = sqlite3.connect(place.registry / "ledger.db")
    database.execute("PRAGMA user_version = 999")
    database.close()
    (tmp_path / "deed.txt").write_text("x")
    answer = ask(place, "lodge", tmp_path / "deed.txt", "--kind", "DEED", officer="a.admin")
    assert answer.code == 2
    assert "written by a newer Muniment (schema 999" in answer.err
    assert SOUND.fullmatch(answer.err)


def test_a_cut_database_halts_with_a_sentence(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    path = place.registry / "ledger.db"
    path.write_bytes(b"this is not a database, but it was one" * 200)
    answer = ask(place, "status")
    assert answer.code == 3
    assert "ledger.db" in answer.err
    assert SOUND.fullmatch(answer.err)


def test_a_second_writer_is_told_who_holds_the_registry(land: Place, ask: Run) -> None:
    from registry.office import Office
    from registry.settings import Settings

    settings = Settings(land.registry, land.signer)
    with Office.open(settings, officer="c.clerk", passphrase="the phrase of c.clerk"):
        answer = land.program(*LODGE, officer="a.admin")
        assert answer.code == 4
        assert re.search(rf"held open by c\.clerk \(process {os.getpid()}, since [^)]+\); nothing recorded", answer.err)
        assert land.program("find", "deed").code == 0, "looking goes on beside it"
        shown = land.program("history", "department/HMLR", officer="a.admin").done()
        assert "looking without recording" in shown.err


def test_a_registry_that_cannot_be_written_to_is_read_on() -> None:
    """Row 45, read-only: whoever owns nothing there reads what he may and is told that nothing was recorded."""
    with tempfile.TemporaryDirectory() as name:  # not tmp_path: the way to it is root's alone
        place = found(Path(name))
        (place.folder / "deed.txt").write_text("x")
        (place.folder / "deed.txt").chmod(0o644)
        start = START
        if os.geteuid() == 0:
            if not _can_become(NOBODY):
                pytest.skip("root may write everywhere, and there is no other user to become here")
            # Everything is imported before: the interpreter itself may lie where only root may read.
            start = (
                "import contextlib, io, os, registry.commands as line\n"
                "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
                "    line.run(['status', '--json']); line.run(['lodge', 'deed.txt', '--kind', 'x'])\n"
                f"    import registry.desk.muniments; os.setuid({NOBODY})\n"
                "line.main()"
            )
            for path in (place.folder, *place.folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        before = place.program("status", "--json", start=start).done().json()
        for path in (*place.registry.iterdir(), place.registry):
            path.chmod(0o555 if path.is_dir() else 0o444)
        assert place.program("status", "--json", start=start).done().json() == before
        refused = place.program("lodge", "deed.txt", "--kind", "DEED", officer="a.admin", start=start)
        assert refused.code in (2, 4)
        assert SOUND.fullmatch(refused.err), refused.err
        assert place.program("status", "--json", start=start).done().json() == before
        for path in (place.registry, *place.registry.iterdir()):
            path.chmod(0o700 if path.is_dir() else 0o600)


def test_full_storage_records_nothing_and_reading_goes_on(tmp_path: Path) -> None:
    """Row 45, full: no file may grow beyond a megabyte, and the body has two."""
    place = found(tmp_path)
    (tmp_path / "large.bin").write_bytes(bytes(2_000_000))
    full = "import resource, signal; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)); "
    start = full + "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " + START
    before = place.program("status", "--json").done().json()
    refused = place.program("lodge", "large.bin", "--kind", "DEED", officer="a.admin", start=start)
    assert refused.code == 4
    assert "storage is full" in refused.err
    assert SOUND.fullmatch(refused.err), refused.err
    assert place.program("status", "--json", start=start).done().json() == before
    assert place.program("lodge", "large.bin", "--kind", "DEED", officer="a.admin").code == 0, "there is room again"


NOBODY = 65_534


def _can_become(user: int) -> bool:
    """Whether a child may become another user: not in every container."""
    child = os.fork()
    if child == 0:
        try:
            os.setuid(user)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
