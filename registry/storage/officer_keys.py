"""Officers' key files, `officers/NAME.key` in the signer's folder, and the count of wrong passphrases beside each.

After five wrong passphrases the next try waits 30 s, then twice as long each time, at most a day; the count is noted
*before* a passphrase is tried, so that breaking off does not help, and is told at the next sign-in. Whoever copies the
file is not held back by this: hence Argon2id.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from registry.errors import Busy, Malformed, Misuse
from registry.ledger.signature import Ed25519Signer
from registry.records.encoding import canonical, decode_canonical, to_base64
from registry.storage.durable import file_fault, read_file, sync_folder, write_file
from registry.vault.passphrase import MAX_FILE_BYTES, STRONG, Cost, KeyFile, read, seal, unseal

FREE_TRIES = 5
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 86_400
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


class _Attempts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{"failed":5,"last_s":1763798400}`: wrong passphrases since the last right one, and when the last try was."""

    failed: int
    last_s: int


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """An officer's signing seed, whose it is, and how many wrong passphrases were tried since it was last opened."""

    seed: bytes
    officer: str
    origin: str
    failed_before: int

    def sign(self, message: bytes) -> bytes:
        """The officer's Ed25519 signature, 64 bytes."""
        return Ed25519Signer(self.seed).sign(message)

    def __repr__(self) -> str:
        return f"OpenedKey({self.officer} of {self.origin})"


class OfficerKeys:
    """The folder of key files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The names of all key files, sorted."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.key") if _NAME.fullmatch(path.stem)))

    def header(self, name: str) -> KeyFile:
        """The file with its clear header; nothing in it is proven before it is opened. Raises `Misuse`."""
        path = self._path(name)
        return read(read_file(path, MAX_FILE_BYTES), str(path))

    def keep(self, name: str, seed: bytes, passphrase: str, *, officer: str, origin: str, cost: Cost = STRONG) -> None:
        """Write a new key file; durable when it returns. Raises `Misuse` if the name is taken or is none."""
        path = self._path(name)
        if path.exists():
            raise Misuse(f"{path}: there is a key of this name. Choose another name for the officer.")
        public = Ed25519Signer(seed).public
        file = seal(seed, passphrase, officer=officer, origin=origin, public=public, cost=cost)
        write_file(path, file.to_bytes(), replace=False)

    def open(self, name: str, passphrase: str, now_s: int) -> OpenedKey:
        """The officer's seed. Raises `Busy` while a wait runs (it says how long), `Misuse` for a wrong passphrase."""
        path = self._path(name)
        file = read(read_file(path, MAX_FILE_BYTES), str(path))
        before = self._attempts(name)
        wait_s = _wait_s(before.failed)
        left_s = min(before.last_s + wait_s - now_s, wait_s)  # a clock set back does not lengthen it
        if left_s > 0:
            raise Busy(f"{path}: {before.failed} wrong passphrases. Wait {left_s:,} s, then try again.")
        self._note(name, _Attempts(before.failed + 1, now_s))
        try:
            seed = unseal(file, passphrase, str(path))
        except Misuse as error:
            wait_s = _wait_s(before.failed + 1)
            if not wait_s:
                raise
            raise Misuse(f"{error} Wrong passphrases so far: {before.failed + 1}. Wait {wait_s:,} s.") from error
        if to_base64(Ed25519Signer(seed).public) != file.public:
            raise Misuse(f"{path}: the key inside is not the one that the file names. Restore it from its backup.")
        self._forget(name)
        return OpenedKey(seed, file.officer, file.origin, before.failed)

    def change_passphrase(self, name: str, old: str, new: str, now_s: int, cost: Cost = STRONG) -> None:
        """Seal the seed anew in one replacement of the file. Raises as `open`, and `Misuse` for an empty new
        passphrase.
        """
        opened = self.open(name, old, now_s)
        public = Ed25519Signer(opened.seed).public
        file = seal(opened.seed, new, officer=opened.officer, origin=opened.origin, public=public, cost=cost)
        write_file(self._path(name), file.to_bytes(), replace=True)

    def remove(self, name: str) -> None:
        """Take away the key file of an enrolment that was refused. Safe twice."""
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
            sync_folder(self._folder)
        except OSError as error:
            raise file_fault(error, path) from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Misuse(
                f"{name[:80]!a} is not a name for a key file; expected a to z, 0 to 9, dot, hyphen and underline, "
                "at most 64 of them, beginning with a letter or digit"
            )
        return self._folder / f"{name}.key"

    def _attempts(self, name: str) -> _Attempts:
        path = self._folder / f"{name}.attempts"
        if not path.exists():
            return _Attempts(0, 0)
        try:
            return decode_canonical(read_file(path, 256), _Attempts, str(path))
        except Malformed:  # whoever can spoil it could remove it too
            return _Attempts(FREE_TRIES, 0)

    def _note(self, name: str, attempts: _Attempts) -> None:
        write_file(self._folder / f"{name}.attempts", canonical(attempts), replace=True)

    def _forget(self, name: str) -> None:
        path = self._folder / f"{name}.attempts"
        try:
            os.unlink(path)
            sync_folder(self._folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise file_fault(error, path) from error


def _wait_s(failed: int) -> int:
    """0 below five wrong passphrases, 30 s at five, then doubled."""
    return 0 if failed < FREE_TRIES else int(min(FIRST_WAIT_S * 2 ** min(failed - FREE_TRIES, 20), LONGEST_WAIT_S))
