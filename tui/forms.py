"""What a clerk types into a form, judged while he types: a code's meaning, or what is wrong with it. No screen here.

Each field's text gives a `Judged`: an echo (`Charge`, `30 Nov 2026`) or a fault (`November has 30 days`). The same
checks stand behind both, the registry's own where it has one, so that nothing is accepted here and refused there for
its form. `lodging` and `revision` give what the desk takes, and raise Misuse while a field is at fault.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from registry.errors import Misuse
from registry.records.muniment import MunimentKind, Visibility, check_details
from registry.records.text import check_text, warnings

FIRST_YEAR, LAST_YEAR = 600, 2199  # as in loaded files: what lies outside is mistyped

KINDS: dict[str, str] = {
    MunimentKind.DEED: "Deed",
    MunimentKind.TRANSFER: "Transfer of land",
    MunimentKind.CHARGE: "Charge, mortgage",
    MunimentKind.LEASE: "Lease",
    MunimentKind.PLAN: "Plan or map",
    MunimentKind.COURT_ORDER: "Order of a court",
    MunimentKind.CERTIFICATE: "Certificate",
    MunimentKind.AGREEMENT: "Agreement",
    MunimentKind.PATIENT_RECORD: "Patient's record",
    MunimentKind.EXHIBIT: "Exhibit of a case",
    MunimentKind.CASE_FILE: "Case file",
    MunimentKind.CORRESPONDENCE: "Letters and mail",
    MunimentKind.OFFICIAL_COPY: "Official copy",
    MunimentKind.REDACTED_COPY: "Redacted copy",
    MunimentKind.OTHER: "Anything else",
}
VISIBILITIES: dict[str, str] = {
    Visibility.OWN: "your department alone",
    Visibility.DEPARTMENTS: "every enrolled officer",
    Visibility.PUBLIC: "anyone",
}

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_SPOKEN = re.compile(r"([0-9]{1,2})[ ./-]+([0-9]{1,2}|[A-Za-z]{3,9})[ ./-]+([0-9]{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Judged:
    """A field's text as it stands: what it means, or what is wrong with it. Both empty: nothing typed, nothing
    wanted."""

    echo: str = ""
    fault: str = ""


Values = Mapping[str, str]
Details = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Lodging:
    """A lodge form that may be filed."""

    file: Path
    kind: MunimentKind
    details: Details
    withheld: Details
    visibility: Visibility
    occurred: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A revise form that may be filed."""

    file: Path
    details: Details
    withheld: Details


def kind(text: str) -> MunimentKind:
    """The kind that the text names or begins, `ch` → CHARGE. Raises Misuse."""
    return MunimentKind(_code(text, KINDS, "kind of muniment"))


def visibility(text: str) -> Visibility:
    """Who may see it, by its code or the beginning of it; `own` where nothing was typed. Raises Misuse."""
    return Visibility(_code(text.strip() or Visibility.OWN, VISIBILITIES, "answer to who may see it"))


def _code(text: str, codes: Mapping[str, str], what: str) -> str:
    wanted = text.strip().lower().replace("-", "_").replace(" ", "_")
    if not wanted:
        raise Misuse("is wanted; F4 shows the list")
    found = [code for code in codes if code.lower() == wanted] or [
        code for code in codes if code.lower().startswith(wanted)
    ]
    if not found:
        raise Misuse(f"{text[:20]!a} is no {what}; F4 shows the list")
    if len(found) > 1:
        raise Misuse(f"{' or '.join(found)}? type one more letter")
    return found[0]


def day(text: str) -> datetime.date:
    """A day as clerks type it: `30 11 2026`, `30/11/2026`, `30 Nov 2026` or `2026-11-30`. Raises Misuse."""
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, number = int(found[1]), int(found[2]), int(found[3])
    elif found := _SPOKEN.fullmatch(text):
        year, month, number = int(found[3]), _month(found[2]), int(found[1])
    else:
        raise Misuse("expected day month year, like 30 11 2026")
    if not 1 <= month <= 12:
        raise Misuse(f"there are 12 months, and no {month}th")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Misuse(f"the year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    days = calendar.monthrange(year, month)[1]
    if not 1 <= number <= days:
        in_year = f" {year}" if month == 2 else ""
        raise Misuse(f"{calendar.month_name[month]}{in_year} has {days} days")
    return datetime.date(year, month, number)


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    found = _MONTHS.get(text[:3].lower(), 0)
    if not found or not calendar.month_name[found].lower().startswith(text.lower()):
        raise Misuse(f"{text[:12]!a} is no month")
    return found


def shown_day(found: datetime.date) -> str:
    """`dd Mon yyyy`, as everywhere on the screen."""
    return f"{found.day:02} {calendar.month_abbr[found.month]} {found.year:04}"


def last_moment(text: str, now_ms: int) -> int | None:
    """The last millisecond, ms UTC, of the day until which an appointment runs; None where nothing was typed. Raises
    Misuse, also for a day gone by."""
    if not text.strip():
        return None
    end = datetime.datetime.combine(day(text), datetime.time(23, 59, 59), datetime.UTC)
    until = int(end.timestamp()) * 1_000 + 999
    if until <= now_ms:
        raise Misuse("this day has passed already; name one from today on")
    return until


def details(text: str, what: str) -> Details:
    """Details typed one a line, `name = value`; `what` is what they are called in a fault. Raises Misuse."""
    found: Details = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name:
            raise Misuse(f"line {number}: expected name = value")
        if not value:
            raise Misuse(f"line {number}: {name[:40]!a} has no value")
        if name in found:
            raise Misuse(f"line {number}: {name[:40]!a} stands twice")
        check_details({name: value}, what)
        found[name] = value
    check_details(found, what)
    return found


def file(text: str) -> tuple[Path, int]:
    """(path, size in bytes) of a file that can be lodged. Looks at the disk. Raises Misuse."""
    if not text.strip():
        raise Misuse("is wanted; F4 shows the folder")
    if "\0" in text:
        raise Misuse("holds a NUL, which no file's name does")
    try:
        path = Path(text.strip()).expanduser()
        check_text("file name", path.name, 255)
        if path.is_dir():
            raise Misuse("is a folder; F4 shows what is in it")
        if not path.is_file():
            raise Misuse("no such file; F4 shows the folder")
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except (OSError, RuntimeError) as error:  # RuntimeError: ~nobody names no home
        raise Misuse(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if size == 0:
        raise Misuse("is empty; there is nothing to lodge")
    return path, size


def reason(text: str, limit: int = 1_000) -> str:
    """A reason in words. Raises Misuse."""
    if not text.strip():
        raise Misuse("is wanted: say why in a sentence")
    check_text("reason", text.strip(), limit)
    return text.strip()


def size_words(size_bytes: int) -> str:
    """`214 kB`, as a clerk reads it."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= step:
            return f"{size_bytes / step:.1f} {unit}" if size_bytes < 10 * step else f"{size_bytes // step} {unit}"
    return f"{size_bytes} bytes"


# ---- judged field by field ----


def judged(read: Callable[[], str]) -> Judged:
    """The echo that `read` gives, or the sentence of the Misuse that it raises."""
    try:
        return Judged(echo=read())
    except Misuse as error:
        return Judged(fault=str(error))


def judge_lodging(values: Values) -> dict[str, Judged]:
    """Every field of the lodge form. Looks at the disk for the file."""
    return {
        "file": judged(lambda: _file_echo(values)),
        "kind": judged(lambda: f"{(found := kind(values['kind']))} · {KINDS[found]}"),
        "dated": judged(lambda: shown_day(day(values["dated"])) if values["dated"].strip() else "may stay empty"),
        "visible": judged(lambda: f"{(found := visibility(values['visible']))} · {VISIBILITIES[found]}"),
        **_judge_details(values),
    }


def judge_revision(values: Values) -> dict[str, Judged]:
    """Every field of the revise form. Looks at the disk for the file."""
    return {"file": judged(lambda: _file_echo(values)), **_judge_details(values)}


def _judge_details(values: Values) -> dict[str, Judged]:
    return {
        "details": judged(lambda: _pairs_echo(details(values["details"], "detail"), "in clear, for ever")),
        "withheld": judged(lambda: _pairs_echo(_withheld(values), "as salted digests")),
    }


def _withheld(values: Values) -> Details:
    found = details(values["withheld"], "withheld detail")
    try:
        clear = details(values["details"], "detail")
    except Misuse:
        return found
    doubled = sorted(found.keys() & clear.keys())
    if doubled:
        raise Misuse(f"{doubled[0]!a} stands in clear above; choose one")
    return found


def _file_echo(values: Values) -> str:
    path, size = file(values["file"])
    return f"{path.name}, {size_words(size)}"


def _pairs_echo(found: Details, how: str) -> str:
    if not found:
        return "name = value, one a line"
    odd = sorted({warning for name, value in found.items() for warning in warnings(f"{name} {value}")})
    return f"{len(found)} {how}" + (f" · look again: {', '.join(odd)}" if odd else "")


def lodging(values: Values) -> Lodging:
    """What the lodge form asks for. Raises Misuse naming the first field at fault."""
    _check(judge_lodging(values))
    dated = values["dated"].strip()
    return Lodging(
        file(values["file"])[0],
        kind(values["kind"]),
        details(values["details"], "detail"),
        _withheld(values),
        visibility(values["visible"]),
        day(dated).isoformat() if dated else None,
    )


def revision(values: Values) -> Revision:
    """What the revise form asks for. Raises Misuse naming the first field at fault."""
    _check(judge_revision(values))
    return Revision(file(values["file"])[0], details(values["details"], "detail"), _withheld(values))


def _check(found: Mapping[str, Judged]) -> None:
    for name, one in found.items():
        if one.fault:
            raise Misuse(f"{name}: {one.fault}")
