"""Drafts: what an officer has typed and not yet filed, kept so that a crash loses nothing.

One file an officer, `drafts/<16 hex digits>.draft` under `$XDG_STATE_HOME/muniment`, else `~/.local/state/muniment`;
the digits tell registry and officer apart and name neither. It holds

    "muniment-drafts@v1⏎" ‖ nonce (12 random bytes) ‖ AES-256-GCM of the JSON [{"form":"lodge","fields":{…},…}, …]

with the file's first line as associated data, so withheld details never lie on a disk in clear. The key is derived from
the officer's own signature over a fixed line (Ed25519 signs it the same way every time, RFC 8032 section 5.1.6), so
that it is the same after every sign-in, whoever keeps the seed, and is written nowhere. The line begins with
`muniment-drafts@v1`, which neither an act nor a sign-in does.

A file is written under another name, synced and renamed: after `kill -9` the old drafts stand there or the new ones.
Mode 0600. A file that cannot be read is put aside as `….unreadable` and never overwritten. No draft is an act.

Known weakness: two workbenches of one officer on one machine write the same file, and the later writer's drafts stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import Busy, Malformed

MAGIC = b"muniment-drafts@v1\n"
NONCE_BYTES = 12
MOST_BYTES = 4_000_000


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form as it stood. `form` is `lodge` or `revise muniment/…`; `subject` the reference that the lodging will
    bear: fixed before the first try, so that filing the same draft again can never record it twice."""

    form: str
    subject: str
    fields: dict[str, str]


def key_of(sign: Callable[[bytes], bytes], origin: str) -> bytes:
    """The 32-byte key of an officer's drafts in that registry, from a signature that is always the same."""
    signature = sign(MAGIC + origin.encode())
    return HKDF(SHA256(), 32, None, MAGIC).derive(signature)


def folder_of(environment: Mapping[str, str]) -> Path:
    """Where drafts lie on this machine."""
    state = environment.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path(environment.get("HOME") or "/") / ".local/state"
    return base / "muniment" / "drafts"


class Drafts:
    """An officer's drafts. Safe from several threads; a writer that was overtaken writes the newest state."""

    def __init__(self, folder: Path, origin: str, officer: str, key: bytes) -> None:
        name = hashlib.sha256(f"{origin}\n{officer}".encode()).hexdigest()[:16]
        self.path = folder / f"{name}.draft"
        self._cipher, self._lock = AESGCM(key), threading.Lock()
        self._held: dict[str, Draft] = {}
        self._stale = False  # the file is older than what is held: its last writing failed
        self._guard = threading.Lock()  # over the two below; never held while a file is written
        self._wanted: dict[str, Draft | None] = {}
        self._writer: threading.Thread | None = None

    def restore(self) -> tuple[Draft, ...]:
        """What lies there, oldest form first. Raises Malformed after putting an unreadable file aside, Busy."""
        with self._lock:
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return ()
            except OSError as error:
                raise Busy(f"your drafts in {self.path} cannot be read: {error.strerror}") from error
            try:
                found = self._opened(content)
            except (InvalidTag, msgspec.MsgspecError) as error:
                aside = self.path.with_suffix(".unreadable")
                with contextlib.suppress(OSError):
                    os.replace(self.path, aside)
                sentence = f"your drafts could not be opened with your key; they were put aside in {aside}"
                raise Malformed(sentence) from error
            self._held = {draft.form: draft for draft in found}
            return found

    def keep(self, draft: Draft) -> None:
        """Make the draft durable in place of an older one of its form. Blocks for a sync. Raises Busy."""
        with self._lock:
            if self._stale or self._held.get(draft.form) != draft:
                self._held[draft.form] = draft
                self._write()

    def remove(self, form: str) -> None:
        """The form was filed or discarded. Raises Busy."""
        with self._lock:
            if self._held.pop(form, None) is not None or self._stale:
                self._write()

    def later(self, form: str, draft: Draft | None, failed: Callable[[Busy], None]) -> None:
        """Keep the draft of that form, or remove it (None), without waiting: a thread of its own writes, the newest
        state only, and lives until all is written, even when the workbench ends. `failed` is called in that thread."""
        with self._guard:
            self._wanted[form] = draft
            if self._writer is None:
                self._writer = threading.Thread(target=self._catch_up, args=(failed,), name="drafts")
                self._writer.start()

    def settle(self) -> None:
        """Wait until everything that was asked for is written."""
        with self._guard:
            writer = self._writer
        if writer is not None:
            writer.join()

    def _catch_up(self, failed: Callable[[Busy], None]) -> None:
        while True:
            with self._guard:
                wanted, self._wanted = self._wanted, {}
                if not wanted:
                    self._writer = None
                    return
            for form, draft in wanted.items():
                try:
                    if draft is None:
                        self.remove(form)
                    else:
                        self.keep(draft)
                except Busy as error:
                    failed(error)

    def get(self, form: str) -> Draft | None:
        """The draft of that form, if there is one."""
        with self._lock:
            return self._held.get(form)

    def _opened(self, content: bytes) -> tuple[Draft, ...]:
        nonce, sealed = content[len(MAGIC) : len(MAGIC) + NONCE_BYTES], content[len(MAGIC) + NONCE_BYTES :]
        if not content.startswith(MAGIC) or len(sealed) < 16 or len(content) > MOST_BYTES:
            raise InvalidTag
        return msgspec.json.decode(self._cipher.decrypt(nonce, sealed, MAGIC), type=tuple[Draft, ...])

    def _write(self) -> None:
        made, self._stale = "", True
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._held:
                self.path.unlink(missing_ok=True)
                self._stale = False
                return
            nonce = os.urandom(NONCE_BYTES)
            sealed = self._cipher.encrypt(nonce, msgspec.json.encode(list(self._held.values())), MAGIC)
            handle, made = tempfile.mkstemp(prefix=f".{self.path.stem}.", dir=self.path.parent)  # 0600
            with os.fdopen(handle, "wb") as file:
                file.write(MAGIC + nonce + sealed)
                file.flush()
                os.fsync(file.fileno())
            os.replace(made, self.path)
            self._stale = False
        except OSError as error:
            if made:
                with contextlib.suppress(OSError):
                    os.unlink(made)
            raise Busy(f"your draft could not be kept in {self.path.parent}: {error.strerror}") from error
