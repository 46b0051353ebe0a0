"""Text that comes from outside: shown safely, warned of, exported, and refused where it cannot be recorded.

Stored text stays as it came; `safe` is for display alone. Whatever reaches a screen, a log file, an error's sentence or
a command's output goes through it, because a terminal obeys what it is shown: `ESC ]52;c;… BEL` fills the clipboard,
and a U+202E turns the rest of a line round.

    safe("a\\x1b[31mb")    →  a␛[31mb           controls as pictures (U+2400 …), C1 as <9B>
    safe("x\\u202egpj")    →  x<RLO>gpj         direction, zero-width and unassigned characters by name

Pure, over Python's own character tables; which characters are unassigned follows the Python in use. Sources: Unicode
Standard Annex 9 (direction), Annex 15 section 13 (at most 30 marks), Technical Standard 39 (mixed scripts), OWASP "CSV
Injection".
"""

from __future__ import annotations

import re
import unicodedata

from registry.errors import Misuse

SHOWN = 2_000  # characters of one text on a screen
MARKS_SHOWN = 4  # combining marks on one letter; enough for every living script
MARKS_STORED = 30  # Annex 15, Stream-Safe Text Format


def _names(table: str) -> dict[int, str]:
    words = table.split()
    return {int(code, 16): name for code, name in zip(words[::2], words[1::2], strict=True)}


_DIRECTION = _names(
    "061C ALM  200E LRM  200F RLM  202A LRE  202B RLE  202C PDF  202D LRO  202E RLO"
    "  2066 LRI  2067 RLI  2068 FSI  2069 PDI"
)
_INVISIBLE = _names(
    "00AD SHY  034F CGJ  115F HCF  1160 HJF  180E MVS  200B ZWSP  200C ZWNJ  200D ZWJ  2028 LS  2029 PS"
    "  2060 WJ  2061 FA  2062 IT  2063 IS  2064 IP  3164 HF  FEFF BOM  FFA0 HHF"
)
_NAMED = _DIRECTION | _INVISIBLE
_VISIBLE_FORMAT = frozenset([*range(0x600, 0x606), 0x6DD, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD])  # drawn round numbers
_SPECIALS = range(0xFFF0, 0x10000)

_WORD = re.compile(r"[^\W\d_]+")
_ALPHABETS = (
    "LATIN",
    "CYRILLIC",
    "GREEK",
    "ARMENIAN",
    "CHEROKEE",
    "COPTIC",
    "GEORGIAN",
)  # their letters pass for one another
_LIKE_LATIN = frozenset("АВЕЗІЈКМНОРСТУХЅԌԚԜаеорсухіјѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυχϲ")


def safe(text: str, limit: int = SHOWN, multiline: bool = False) -> str:
    """`text` as it may be shown: at most `limit` characters, then `… (+n)` with the number of characters left out.

    Controls become pictures, C1 `<9B>`; direction marks, zero-width characters and separators their names; surrogates,
    tags, specials, private and unassigned characters `<U+XXXX>`; marks beyond four on one letter are counted, `<+496>`.
    Newline and tab survive only when `multiline`. Never inside a markup string: brackets stay as they are.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    length = marks = 0
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Mn", "Me") and ord(character) not in _NAMED:
            marks += 1
            # A mark without a letter would sit on whatever the screen shows before it.
            piece = ("◌" + character if not shown else character) if marks <= MARKS_SHOWN else ""
        else:
            piece = _dropped(marks) + _picture(character, multiline)
            marks = 0
        if length + len(piece) > limit:
            return "".join(shown) + f"… (+{len(text) - place})"
        if piece:
            shown.append(piece)
            length += len(piece)
    return "".join(shown) + _dropped(marks)


def _dropped(marks: int) -> str:
    return f"<+{marks - MARKS_SHOWN}>" if marks > MARKS_SHOWN else ""


def _picture(character: str, multiline: bool) -> str:
    code = ord(character)
    if code < 0x20:
        return character if multiline and character in "\n\t" else chr(0x2400 + code)
    if code < 0x7F:
        return character
    if code == 0x7F:
        return "␡"
    if code < 0xA0:
        return f"<{code:02X}>"
    if code in _NAMED:
        return f"<{_NAMED[code]}>"
    category = unicodedata.category(character)
    if category in ("Cs", "Co", "Cn") or code in _SPECIALS or (category == "Cf" and code not in _VISIBLE_FORMAT):
        return f"<U+{code:04X}>"
    return character


def warnings(text: str) -> tuple[str, ...]:
    """What a reader should be told beside the shown text, in a fixed order; empty for ordinary text."""
    if text.isascii() and text.isprintable():
        return ()
    codes = set(map(ord, text))
    found = []
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t\r" for character in set(text)):
        found.append("control characters")
    if codes & _DIRECTION.keys():
        found.append("hidden direction marks")
    if codes & _INVISIBLE.keys():
        found.append("zero-width characters")
    if any(_picture(chr(code), multiline=True).startswith("<U+") for code in codes):
        found.append("unassigned or private characters")
    if _longest_run_of_marks(text)[0] > MARKS_SHOWN:
        found.append("more marks on a letter than are shown")
    if _mixes_alphabets(text):
        found.append("mixed alphabets")
    return tuple(found)


def _alphabet(letter: str) -> str:
    name = unicodedata.name(letter, "").removeprefix("FULLWIDTH ")
    return next((alphabet for alphabet in _ALPHABETS if name.startswith(alphabet)), "")


def _mixes_alphabets(text: str) -> bool:
    """One word in two alphabets, or a word wholly of letters that pass for Latin ones beside a Latin word."""
    alphabets = [{_alphabet(letter) for letter in word} - {""} for word in _WORD.findall(text)]
    if any(len(word) > 1 for word in alphabets):
        return True
    latin = any(word == {"LATIN"} for word in alphabets)
    return latin and any(_LIKE_LATIN.issuperset(word) for word in _WORD.findall(text) if len(word) > 1)


def _longest_run_of_marks(text: str) -> tuple[int, int]:
    """(length, place of its end) of the longest run of combining marks."""
    longest = end = run = 0
    for place, character in enumerate(text):
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > longest:
            longest, end = run, place
    return longest, end


def csv_cell(text: str) -> str:
    """The text as a cell no spreadsheet takes for a formula: `'` before a leading `=`, `+`, `-`, `@`, tab or CR."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def check_text(name: str, text: str, limit: int) -> None:
    """Misuse, naming the place (from 1), where `text` cannot be recorded as the field `name`.

    Refused: more than `limit` characters; NUL, which PostgreSQL cannot hold; a lone surrogate, which UTF-8 cannot; more
    than 30 combining marks in a row. Everything else is recorded as it came.
    """
    if len(text) > limit:
        raise Misuse(
            f"{name}: {len(text):,} characters, at most {limit:,} are recorded. Shorten it, or lodge it as a body."
        )
    if text.isascii():
        place = text.find("\0")
    else:
        place = next((at for at, letter in enumerate(text) if letter == "\0" or "\ud800" <= letter <= "\udfff"), -1)
    if place >= 0:
        what = "a NUL" if text[place] == "\0" else f"half a character (U+{ord(text[place]):04X})"
        raise Misuse(f"{name}: {what} at character {place + 1}, which cannot be recorded. Remove it.")
    if not text.isascii():
        marks, end = _longest_run_of_marks(text)
        if marks > MARKS_STORED:
            raise Misuse(
                f"{name}: too many marks on the letter before character {end + 1} ({marks}, at most {MARKS_STORED})."
            )
