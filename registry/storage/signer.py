"""The signer: the folder of the log's keys, the vault's wrapping key, the officers' key files and the mark.

    muniment-data.signer/     0700
      log.pub                 the log's two verifier keys, one a line, in clear: policy, status and audit need no more
      office.keys             log seeds and wrapping key under the unlock key; that key sealed to each who may open
      officers/NAME.key       an officer's seed under his passphrase
      mark.db                 the largest tree ever signed here

It never lies inside the registry nor the registry inside it, and the two are never in one backup: a restored registry
must meet a mark that was not restored. `office.keys` is one file, replaced whole:

    {"nonce":"<12 bytes>","officers":{"officer/1":"<HPKE, 1,168 bytes>"},"origin":"registry.example/land",
     "sealed":"<AES-256-GCM of log seed ‖ ML-DSA seed ‖ wrapping key, 112 bytes>","v":1}

Handing over needs the receiver's public key alone, and a revocation gives all who remain a new unlock key in one
step. A known weakness: an officer who kept a copy of `office.keys` from before can still open that copy. Where he is
not trusted, the log's keys and the wrapping key must be changed too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.errors import Busy, LedgerHalted, Malformed, Misuse, Unproven
from registry.ledger.note import ED25519, MLDSA44_COSIGNATURE, VerifierKey
from registry.ledger.signature import Ed25519Signer, MLDSA44Signer
from registry.records.encoding import canonical, decode_canonical, from_base64, to_base64
from registry.records.identifiers import check_origin
from registry.storage.durable import check_private, file_fault, read_file, sync_folder, write_file
from registry.storage.mark import MarkFile
from registry.storage.officer_keys import OfficerKeys
from registry.vault.exchange import open_sealed, seal_to

KEY_BYTES, NONCE_BYTES = 32, 12
MAX_FILE_BYTES = 4 * 1024 * 1024  # over 2,000 officers who may open


@dataclass(frozen=True, slots=True)
class OfficeKeys:
    """What the office holds while it is open. Never printed, never sent."""

    log_seed: bytes = field(repr=False)
    log_mldsa_seed: bytes = field(repr=False)
    wrapping_key: bytes = field(repr=False)
    unlock_key: bytes = field(repr=False)


class _OfficeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nonce: str
    officers: dict[str, str]
    origin: str
    sealed: str
    v: Literal[1]


def check_apart(registry: Path, signer: Path) -> None:
    """`Misuse` if one folder is, or lies in, the other, links followed."""
    one, other = registry.resolve(), signer.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise Misuse(
            f"registry {registry} and signer {signer} must be two folders, neither inside the other: a backup that "
            "takes both would restore the mark with the data, and a rollback could not be seen"
        )


class Signer:
    """An existing signer folder. Reading needs no passphrase; `unlock` alone gives keys. One process writes at a
    time.
    """

    def __init__(self, folder: Path, registry: Path, *, public: bool = False) -> None:
        """`public`: `log.pub` is enough, as in the folder of a gateway that keeps its own officer's key and no more.

        Raises `Misuse` if there is no signer, it is open to others, or it does not lie apart from `registry`.
        """
        check_apart(registry, folder)
        if not (folder / ("log.pub" if public else "office.keys")).exists():
            raise Misuse(
                f"{folder}: no signer here. Name its folder with --signer, or found a registry with 'muniment init'."
            )
        check_private(folder, folder.stat())
        self.folder = folder
        self.officers = OfficerKeys(folder / "officers")

    @classmethod
    def found(
        cls, folder: Path, registry: Path, origin: str, may_open: Mapping[str, bytes]
    ) -> tuple[Signer, OfficeKeys]:
        """Make a signer with new keys; `may_open` maps officers to their exchange keys. Durable when it returns.

        `office.keys` comes last, so one broken off is simply founded again. Raises `Misuse` where a signer exists.
        """
        check_apart(registry, folder)
        check_origin(origin)
        if (folder / "office.keys").exists():
            raise Misuse(
                f"{folder}: holds the keys of a registry already. Choose another folder; keys are never overwritten."
            )
        keys = OfficeKeys(*(os.urandom(KEY_BYTES) for _ in range(4)))
        try:
            for made in (folder, folder / "officers"):
                made.mkdir(mode=0o700, exist_ok=True)
                check_private(made, made.stat())
                sync_folder(made.parent)
        except OSError as error:
            raise file_fault(error, folder) from error
        MarkFile(folder / "mark.db", create=True).close()
        lines = "".join(f"{key}\n" for key in _public_keys(origin, keys))
        write_file(folder / "log.pub", lines.encode(), replace=True)
        _write(folder, _sealed(origin, keys, may_open), replace=False)
        return cls(folder, registry), keys

    def log_keys(self) -> tuple[VerifierKey, VerifierKey]:
        """The log's Ed25519 and ML-DSA-44 verifier keys; their name is the origin. Raises `Misuse` for a damaged
        file.
        """
        path = self.folder / "log.pub"
        try:
            first, second = map(
                VerifierKey.parse, read_file(path, 8_192).decode("utf-8").removesuffix("\n").split("\n")
            )
        except (Malformed, ValueError) as error:
            raise Misuse(f"{path}: not two verifier keys, one a line ({error}). Restore it from its backup.") from error
        if (first.kind, second.kind) != (ED25519, MLDSA44_COSIGNATURE) or first.name != second.name:
            raise Misuse(f"{path}: expected an Ed25519 and an ML-DSA-44 key of one name. Restore it from its backup.")
        return first, second

    def mark(self, *, read_only: bool = False) -> MarkFile:
        """The mark. Raises `LedgerHalted` if its file was lost: then nobody knows what was signed here."""
        path = self.folder / "mark.db"
        if not path.exists():
            raise LedgerHalted(
                f"{path}: the mark is missing, so this signer does not know what it signed. If it was lost, an "
                "administrator starts a new one with 'muniment checkpoint --adopt'."
            )
        return MarkFile(path, read_only=read_only)

    def restore_mark_file(self) -> MarkFile:
        """The mark, begun empty where its file was lost; an act adopts the ledger's head in it before anything is
        signed.
        """
        return MarkFile(self.folder / "mark.db", create=True)

    def who_may_open(self) -> tuple[str, ...]:
        """The officers to whom the unlock key was handed, sorted; nobody where only public keys are kept."""
        if not (self.folder / "office.keys").exists():
            return ()
        return tuple(sorted(self._read().officers))

    def unlock(self, officer: str, seed: bytes) -> OfficeKeys:
        """The office's keys, for an officer who was handed the unlock key.

        Raises `Busy` with the sentence that says who can, `Misuse` if the officer's key was changed since,
        `LedgerHalted` if the file was changed or `log.pub` names other keys.
        """
        file = self._read()
        sealed = file.officers.get(officer)
        if sealed is None:
            raise Busy(
                f"nobody has opened the office, and {officer} may not. These can: {', '.join(sorted(file.officers))}."
            )
        try:
            unlock_key = open_sealed(seed, from_base64(sealed), _info(file.origin, officer))
        except (Malformed, Unproven) as error:
            raise Misuse(
                f"{self.folder / 'office.keys'}: what was handed to {officer} does not open with this key. "
                "Let one who may open hand it over again, or restore the file."
            ) from error
        keys = self._open(file, unlock_key)
        if tuple(map(str, _public_keys(file.origin, keys))) != tuple(map(str, self.log_keys())):
            raise LedgerHalted(
                f"{self.folder / 'log.pub'}: does not name the keys in office.keys. Restore the signer's folder."
            )
        return keys

    def hand_over(self, keys: OfficeKeys, officer: str, exchange_public: bytes) -> None:
        """Let `officer` open the office from now on; safe twice. Raises `Malformed` for what is no exchange key, `Busy`
        if the unlock key was changed meanwhile."""
        file = self._read()
        try:
            self._open(file, keys.unlock_key)
        except LedgerHalted as error:
            raise Busy("the unlock key was changed meanwhile; open the office again, then hand it over") from error
        envelope = to_base64(seal_to(exchange_public, keys.unlock_key, _info(file.origin, officer)))
        officers = dict(sorted({**file.officers, officer: envelope}.items()))
        _write(self.folder, msgspec.structs.replace(file, officers=officers), replace=True)

    def rotate(self, keys: OfficeKeys, keep: Mapping[str, bytes]) -> OfficeKeys:
        """A new unlock key, for `keep` (officer → exchange key) alone: whoever is not in it may not open any more.

        One replacement of the file. Returns the keys with the new unlock key. Raises `Misuse` if nobody would remain.
        """
        if not keep:
            raise Misuse("somebody must be able to open the office: keep at least one officer")
        origin = self._read().origin
        fresh = OfficeKeys(keys.log_seed, keys.log_mldsa_seed, keys.wrapping_key, os.urandom(KEY_BYTES))
        _write(self.folder, _sealed(origin, fresh, keep), replace=True)
        return fresh

    def _read(self) -> _OfficeFile:
        path = self.folder / "office.keys"
        try:
            return decode_canonical(read_file(path, MAX_FILE_BYTES), _OfficeFile, str(path))
        except Malformed as error:
            raise Misuse(f"{error}. The file is damaged: restore the signer's folder from its own backup.") from error

    def _open(self, file: _OfficeFile, unlock_key: bytes) -> OfficeKeys:
        try:
            nonce, sealed = from_base64(file.nonce, NONCE_BYTES), from_base64(file.sealed)
            secrets = AESGCM(unlock_key).decrypt(nonce, sealed, _info(file.origin, ""))
        except (InvalidTag, Malformed, ValueError) as error:
            raise LedgerHalted(
                f"{self.folder / 'office.keys'}: the office's keys do not open; the file was changed. "
                "Restore the signer's folder."
            ) from error
        return OfficeKeys(secrets[:32], secrets[32:64], secrets[64:96], unlock_key)


def _sealed(origin: str, keys: OfficeKeys, may_open: Mapping[str, bytes]) -> _OfficeFile:
    nonce = os.urandom(NONCE_BYTES)
    secrets = keys.log_seed + keys.log_mldsa_seed + keys.wrapping_key
    officers = {
        officer: to_base64(seal_to(public, keys.unlock_key, _info(origin, officer)))
        for officer, public in sorted(may_open.items())
    }
    sealed = AESGCM(keys.unlock_key).encrypt(nonce, secrets, _info(origin, ""))
    return _OfficeFile(to_base64(nonce), officers, origin, to_base64(sealed), 1)


def _info(origin: str, officer: str) -> bytes:
    return f"muniment-office@v1\n{origin}\n{officer}\n".encode()


def _public_keys(origin: str, keys: OfficeKeys) -> tuple[VerifierKey, VerifierKey]:
    return (
        VerifierKey(origin, ED25519, Ed25519Signer(keys.log_seed).public),
        VerifierKey(origin, MLDSA44_COSIGNATURE, MLDSA44Signer(keys.log_mldsa_seed).public),
    )


def _write(folder: Path, file: _OfficeFile, *, replace: bool) -> None:
    write_file(folder / "office.keys", canonical(file), replace=replace)
