"""Passphrases: from a file for services, else asked at the terminal without showing them. Never from the command line.

A passphrase's file holds it in its first line, is a plain file of ours, and nobody else may read or write it (0600).
"""

from __future__ import annotations

import getpass
import os
import stat
import sys
from pathlib import Path

from registry.commands.files import open_file
from registry.errors import Misuse
from registry.records.text import safe
from registry.settings import PASSPHRASE_FILE, Settings

LONGEST_BYTES = 4_096


def passphrase(settings: Settings, officer: str) -> str:
    """The officer's passphrase: from MUNIMENT_PASSPHRASE_FILE, else asked for. Raises Misuse."""
    if settings.passphrase_file is not None:
        return read_passphrase(settings.passphrase_file)
    return _ask(f"Passphrase of {officer}: ", f"the passphrase of {officer}")


def new_passphrase(file: Path | None, officer: str) -> str:
    """A passphrase to be set: from a file, else asked for twice. Raises Misuse."""
    if file is not None:
        return read_passphrase(file)
    first = _ask(f"New passphrase for {officer}: ", f"a new passphrase for {officer}")
    if first != _ask("The same again: ", "the same passphrase again"):
        raise Misuse("the two passphrases differ; nothing was changed, try again")
    return first


def founding_passphrase(settings: Settings, officer: str) -> str:
    """The founder's passphrase: from MUNIMENT_PASSPHRASE_FILE, else asked for twice."""
    return new_passphrase(settings.passphrase_file, officer)


def read_passphrase(path: Path) -> str:
    """The first line of a file that is ours alone. Raises Misuse naming what is wrong with it."""
    stream, _ = open_file(path, "passphrase file")
    with stream:
        found = os.fstat(stream.fileno())
        if found.st_uid != os.geteuid():
            raise Misuse(f"passphrase file {path}: belongs to another user; keep your own")
        if found.st_mode & 0o077:
            raise Misuse(
                f"passphrase file {path}: others can get at it (mode {stat.S_IMODE(found.st_mode):04o}); chmod 600 it"
            )
        first = stream.read(LONGEST_BYTES).split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = first.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Misuse(f"passphrase file {path}: its first line is not UTF-8 text") from error
    if not text:
        raise Misuse(f"passphrase file {path}: its first line is empty; write the passphrase there")
    return text


def _ask(prompt: str, what: str) -> str:
    if not sys.stdin.isatty():
        raise Misuse(f"{what} is wanted, and there is no terminal to ask at: name a file in {PASSPHRASE_FILE}")
    try:
        found = getpass.getpass(safe(prompt), stream=None)
    except EOFError as error:
        raise Misuse(f"{what} was not given") from error
    if not found:
        raise Misuse(f"{what} was not given")
    return found
