"""Every sentence that the workbench says by itself: a number, words, and what F1 adds. Each number is used once.

A registry's error brings its own sentence; it is quoted, and made safe for the terminal here.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import Away, BadSignature, Busy, LedgerHalted, Malformed, Misuse, NotHeld, Refused, RegistryError
from registry.records.text import safe

SHORT = 300  # characters of one value in a sentence


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as it was said: with its number, safe to show; `more` is what F1 adds."""

    number: str
    text: str
    more: str
    refused: bool = False

    def __str__(self) -> str:
        return f"{self.number} {self.text}"


@dataclass(frozen=True, slots=True)
class Message:
    """A numbered sentence with places for values; `more` is its second level."""

    number: str
    words: str
    more: str
    refused: bool = False

    def say(self, **values: object) -> Said:
        """The sentence with its values, each made safe."""
        shown = {name: _shown(value) for name, value in values.items()}
        return Said(self.number, self.words.format(**shown), self.more, self.refused)


def _shown(value: object) -> str:
    return counted(value) if isinstance(value, int) else safe(str(value), SHORT)


# 01xx signing in, 02xx lists, 03xx records, 04xx acts, 05xx loads, 06xx officers, 07xx audit, 09xx the workbench itself

WELCOME = Message("M0100", "Type your name and passphrase, then Enter.", "The key file of that name must be here.")
SIGNING_IN = Message("M0101", "Opening the key of {name}…", "A passphrase is made slow to try, on purpose.")
SIGNED_IN = Message("M0102", "Signed in as {name}.", "g goes to another part, Ctrl+P lists all commands.")
TRIED = Message(
    "M0103",
    "Wrong passphrases tried on your key since it was last opened: {count}.",
    "If it was not you, tell an administrator now: he can revoke the key.",
    refused=True,
)
NOT_SIGNED_IN = Message(
    "M0104",
    "{error}",
    "Nothing was opened. After five wrong passphrases each further one makes you wait longer.",
    refused=True,
)
EMPTY = Message("M0105", "Fill in {field} first.", "Both name and passphrase are wanted.", refused=True)
DRAFTS_BACK = Message(
    "M0107",
    "Drafts from before that will be restored: {count}.",
    "Go to the form: what was not filed stands there.",
)
DRAFTS_LOST = Message("M0108", "{why}", "Nothing that was filed is lost; drafts are only what was not.", refused=True)
READ_ONLY = Message("M0110", "Reading only: {why}", "You can search, read and take receipts; nothing is recorded.")
LOCKED = Message("M0111", "Locked. The passphrase of {name} opens it again.", "Forms keep what was typed in them.")
UNLOCKED = Message("M0112", "Opened again.", "Everything stands where it stood.")

SEARCHING = Message("M0200", "Searching…", "Rows appear as they are found, the newest first.")
FOUND = Message("M0201", "Found so far: {count}; scrolling down finds more.", "Rows come first, counts later.")
FOUND_ALL = Message("M0202", "Found: {count}.", "All that this search finds now; a search proves nothing.")
FOUND_NONE = Message(
    "M0203", "Nothing found. Fewer words find more.", "What is not found may still be recorded: see the strip."
)
NO_ROW = Message("M0204", "There is no row to open yet.", "Search first, or wait until rows have come.", refused=True)
NO_MORE = Message("M0205", "That was the {end} of the list.", "F7 and F8 walk the list that you came from.")

READING = Message("M0300", "Reading…", "The desk is asked in the background; keys go on.")
CHECKED = Message(
    "M0301",
    "Proof recomputed at this desk; the strip relies on no stored word.",
    "Entry, path, checkpoint and signatures were checked against the registry's policy, in this process.",
)
RECEIPT_SAVED = Message("M0302", "Receipt saved: {path}", "muniment verify FILE --policy FILE checks it, for ever.")
PAGE_SAVED = Message("M0303", "Page saved: {path}", "Plain text of 76 by 60: any printer takes it.")
COPIED = Message("M0304", "Copied: {reference}", "By the terminal's own clipboard, where it has one.")
NOT_CHECKED = Message("M0305", "{why}", "The strip says how far it was checked; F5 checks again.")

READ = Message("M0401", "Read at size {size}. F5 reads again.", "The figures are the registry's word, not a proof.")
FAILED = Message("M0402", "{error}", "The registry said so itself. Nothing was changed.", refused=True)
DROPPED = Message("M0403", "Keys typed ahead were dropped: {count}.", "So that none of them could sign.", refused=True)

FILING = Message("M0410", "Being recorded…", "Keys wait until the answer is here. Leaving now does not undo it.")
FILED = Message(
    "M0411",
    "Recorded at {position}: {subject}, {file}. The form is ready for the next.",
    "Durable, signed with your key. Ctrl+D in a field brings back what this record had there.",
)
AT_FAULT = Message(
    "M0412",
    "{count} to put right; the keyboard is in {field}. Nothing was recorded.",
    "Each field at fault says what is wrong beside it. Keys typed ahead were dropped.",
    refused=True,
)
RESTORED = Message(
    "M0413", "A draft of this form was restored.", "It was kept, sealed with your key, when it was last left unfiled."
)
ALREADY = Message(
    "M0414",
    "This draft was recorded before: {subject}. The form is clear.",
    "The answer was lost with the workbench, the act was not. Nothing was recorded twice.",
)
NOT_KEPT = Message("M0415", "{error}", "Filing goes on as before; only a crash would lose this draft.", refused=True)
NONE_BEFORE = Message("M0416", "There is no previous record to copy this field from.", "File one first.", refused=True)
NO_STEP = Message(
    "M0417", "Nothing to undo in this draft.", "A recorded act is never undone, only followed by another."
)
DISCARDED = Message("M0418", "Discarded. Nothing was recorded.", "The draft is gone from this machine too.")
NO_LOOKUP = Message("M0419", "This field takes what you type; there is no list.", "F1 says what belongs in it.")
NOT_YET = Message(
    "M0420", "This form is not filed yet.", "Ctrl+S files it, F12 discards it; then the next begins.", refused=True
)
WITHDRAWN = Message(
    "M0421",
    "Recorded at {position}: {subject} is withdrawn.",
    "Body, versions and proofs stay; it is out of use from this act on.",
)
REVISED = Message(
    "M0423", "Recorded at {position}: the next version of {subject}.", "The versions before it stay as they are."
)
REVISED_SINCE = Message(
    "M0422",
    "This draft was begun on version {seen}; version {version} stands now. Look at the record, then F12.",
    "Somebody revised it since, perhaps you, just before the workbench ended. It will not be filed on top of that.",
    refused=True,
)

TRYING = Message("M0500", "Trying the file; nothing is recorded. F12 stops.", "What a load would do, row by row.")
TRIED_FILE = Message(
    "M0501",
    "Tried: {rows} rows, {new} to record, {rejected} to reject. Ctrl+S loads them.",
    "Nothing was recorded. Enter on a reason shows its rows; they never stop the rest.",
)
NOTHING_NEW = Message(
    "M0502", "There is nothing to load: everything in this file is recorded or rejected.", "A rerun adds nothing."
)
TRY_FIRST = Message(
    "M0503", "Try this file first: Ctrl+T.", "A load shows beforehand what it would record.", refused=True
)
RUNNING = Message(
    "M0504", "A run is going on; F12 stops it.", "One at a time, and its answer comes first.", refused=True
)
LOADING = Message(
    "M0505", "Loading; F12 stops after this batch.", "What is recorded stays. The same file goes on where it stopped."
)
LOADED = Message(
    "M0506",
    "{load} finished: {rows} rows, {new} recorded.",
    "One act covers them all; rejected rows stand with line and reason in {rejects}.",
)
LOAD_STOPPED = Message(
    "M0507",
    "{load} stopped after {rows} rows, which are recorded. Load the same file to go on.",
    "It stays open until then.",
)
STOPPING = Message("M0508", "Stopping…", "What is recorded stays recorded.")
NOTHING_RUNS = Message("M0509", "Nothing runs.", "F12 stops a dry run, a load or an audit.")
AUDITING = Message(
    "M0700", "Reading everything again. F12 stops.", "Nothing is changed; others may go on recording meanwhile."
)
AUDIT_CLEAN = Message(
    "M0701",
    "No fault found in {size} entries.",
    "Whoever holds an older checkpoint or receipt can be surer: muniment audit --against FILE.",
)
AUDIT_FAULTS = Message(
    "M0702",
    "{count} faults found in {size} entries. Enter explains the one under the cursor.",
    "Stop recording, keep everything as it lies, and tell whoever answers for the registry.",
    refused=True,
)
AUDIT_STOPPED = Message("M0703", "Stopped. What was not read is not checked.", "v begins again from the start.")
ENROLLED = Message(
    "M0600",
    "Recorded at {position}: {name} is enrolled as {officer}{more}.",
    "The key file lies in the signer's folder. The officer should change the passphrase at once.",
)
APPOINTED = Message(
    "M0601", "Recorded at {position}: {officer} is {role} until {until}.", "It ends by itself that day."
)
REVOKED = Message(
    "M0602", "Recorded at {position}: key and roles of {officer} end here.", "What was signed before stays valid."
)
AWAITED = Message(
    "M0603",
    "Recorded at {position}; it waits for a second administrator, who confirms it with c.",
    "Nothing is in force before that. The list shows what waits.",
)
HANDED_ONLY = Message(
    "M0605",
    "The unlock key was handed over at {position}; the appointment was not recorded: {error}",
    "Put the form right and file it again: the key is not handed over twice.",
    refused=True,
)
CONFIRMED = Message("M0604", "In force from {position}: {kind} on {subject}.", "Both administrators answer for it.")

NOT_ALLOWED = Message("M0901", "{why}", "The table of roles decides; Ctrl+P lists what you may do.", refused=True)
LOST = Message(
    "M0902",
    "The workbench itself failed: {error}",
    "Nothing was recorded by this step. Tell whoever looks after the program, with this number.",
    refused=True,
)
COPYING_THEME = Message("M0903", "Colours: {theme}.", "Night, day, contrast; NO_COLOR takes all colour away.")

AWAY = Message(
    "M0910",
    "{why}",
    "What stands on the screen stays, your drafts are kept. The desk signs in again by itself when the office is back.",
    refused=True,
)
BACK = Message("M0911", "The office is back. F5 reads again.", "You are signed in again; nothing was typed for you.")
UNSETTLED = Message(
    "M0912",
    "Unknown whether it was recorded: the office went away. It is looked up by its request key when it is back.",
    "Every act bears a key of its own, so nothing is recorded twice; your draft is kept until it is known.",
    refused=True,
)
FOUND_RECORDED = Message(
    "M0913",
    "Looked up: {kind} on {subject} was recorded at {position}.",
    "It was recorded once, before the office went.",
)
OFFICE_AWAY = "office away, your drafts are kept"
NOT_FOUND = "looked up by its request key: nothing was recorded; file it again"

NOT_A_PROOF = "A search, not a proof: what is not listed may still be recorded."


def messages() -> tuple[Message, ...]:
    """Every numbered message of this module."""
    return tuple(value for value in globals().values() if isinstance(value, Message))


def failed(error: RegistryError) -> Said:
    """An error of the registry in its own words, with what to do by its kind."""
    more = next((words for kind, words in _BY_KIND if isinstance(error, kind)), FAILED.more)
    return Said(FAILED.number, safe(str(error), 2 * SHORT), more, refused=True)


_BY_KIND: tuple[tuple[type[RegistryError], str], ...] = (
    (Refused, "The rules say no. A refusal of an act is itself recorded, with your name."),
    (NotHeld, "Unknown here, or not yours to know of: the answer is the same for both."),
    (Away, AWAY.more),
    (Busy, "Nothing was recorded. Ask again; what you typed is still there."),
    (Misuse, "Something was typed or chosen that cannot be; the sentence says what."),
    (Malformed, "It cannot be read as what it claims to be."),
    (BadSignature, "A signature does not fit: tell an auditor."),
    (LedgerHalted, "Stored bytes contradict each other: stop work, and have an audit run."),
)


def counted(number: int) -> str:
    """A count with its thousands apart: 1204913 → `1 204 913`."""
    return f"{number:,}".replace(",", " ")


def searchable(not_yet: int) -> str:
    """How far searching lags behind recording."""
    return "everything recorded" if not_yet == 0 else f"all but {counted(not_yet)} recorded and not searchable yet"
