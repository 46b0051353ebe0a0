"""An office and a gateway, each in a process of its own, as an operator starts them; the gateway holds no key but its
officer's."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from registry.door.client import RemoteDesk, RemoteOffice, knock
from registry.office import now_ms
from registry.records.acts import Act, Kind
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from registry.storage.officer_keys import OfficerKeys
from tests.gateway.clients import assertion, enrol
from tests.gateway.served import Served
from tests.town import CHEAP, ORIGIN, Town, document, seed_of

ROOT = Path(__file__).parents[2]
OFFICE = "from registry.commands import main; main()"
PHRASE = "founder's"


def peopled(folder: Path) -> Town:
    """A town of today, closed: two departments with keys, and the gateway's officer, who may not open the office."""
    town = Town(folder)
    town.clock.now = now_ms()
    town.staff()
    town.enrol("gateway", Role.READER)
    enrol(town, "POL", "police")
    enrol(town, "HMLR", "land")
    town.lodge("police-clerk")
    town.close()
    (folder / "phrase").touch(mode=0o600)
    (folder / "phrase").write_text(PHRASE)
    return town


def own_signer(town: Town, folder: Path) -> Path:
    """A signer's folder for the gateway: the log's public keys and its officer's key file, and nothing else."""
    made = folder / "gateway.signer"
    (made / "officers").mkdir(mode=0o700, parents=True)
    made.chmod(0o700)
    shutil.copy(town.settings.signer / "log.pub", made / "log.pub")  # with its mode, 0600
    OfficerKeys(made / "officers").keep(
        "gateway", seed_of("gateway"), PHRASE, officer=town.references["gateway"], origin=ORIGIN, cost=CHEAP
    )
    return made


class Identity(NamedTuple):
    """Whose process it is to be, and the file of its passphrase, beside the registry."""

    user: int
    group: int
    phrase: str

    def become(self) -> list[str]:
        """What stands before a command."""
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups"]


class Running:
    """A process of ours, and the first lines that it said."""

    def __init__(self, town: Town, lines: int, *arguments: str, identity: Identity | None = None) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
        self.process = subprocess.Popen(
            [
                *(identity.become() if identity else ()),
                sys.executable,
                "-W",
                "error",
                *arguments,
                "--registry",
                str(town.settings.registry),
            ],
            env=kept
            | {
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")]),
                "PYTHONUNBUFFERED": "1",
                "MUNIMENT_PASSPHRASE_FILE": str(
                    town.settings.registry.parent / (identity.phrase if identity else "phrase")
                ),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = "".join(self.process.stdout.readline() for _ in range(lines))

    def tell(self, how: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(how)

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """Have it end; what more it said. Safe twice."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
        return self.process.communicate(timeout=30)[0] or ""


class Beside:
    """The two, and departments that ask."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.office: Running | None = None
        self.gateway: Running | None = None
        self.signer = own_signer(town, folder)
        self._seated: dict[str, tuple[RemoteOffice, RemoteDesk]] = {}

    def open_office(self) -> Running:
        """`muniment office`."""
        signer = str(self.town.settings.signer)
        self.office = Running(self.town, 1, "-c", OFFICE, "office", "--officer", "founder", "--signer", signer)
        assert "open at" in self.office.said, self.office.said
        return self.office

    def serve(self, identity: Identity | None = None) -> Served:
        """`muniment gateway`, on a port that the kernel picks."""
        options = ("--officer", "gateway", "--signer", str(self.signer), "--port", "0")
        self.gateway = Running(self.town, 2, "-m", "gateway", *options, identity=identity)
        address = re.search(r"http://127\.0\.0\.1:(\d+)", self.gateway.said)
        assert address, self.gateway.said
        http = httpx2.Client(base_url=address[0], trust_env=False, timeout=20)
        return Served(self.town, address[0], int(address[1]), http)

    def assertion(self, code: str = "POL", name: str = "police", **claims: Any) -> str:
        """An assertion of this moment."""
        return assertion(code, name, **{"now": now_ms(), **claims})

    def token(self, gate: Served, code: str = "POL", name: str = "police", **claims: Any) -> str:
        """A token of this moment."""
        self.town.clock.now = now_ms()
        return gate.token(code, name, **claims)

    def desk(self, name: str) -> RemoteDesk:
        """That officer's desk, through the door."""
        if name in self._seated and self._seated[name][0].stands():
            return self._seated[name][1]
        self._leave(name)
        office = knock(self.town.settings.registry)
        assert office is not None
        desk = office.sign_in(self.town.references[name], self.town.sign(name), ORIGIN)
        self._seated[name] = office, desk
        return desk

    def _leave(self, name: str) -> None:
        if name in self._seated:
            self._seated.pop(name)[0].close()

    def lodge(self, name: str = "police-clerk", **more: Any) -> str:
        """A deed, lodged through the door."""
        options: dict[str, Any] = {
            "details": {"title": "K871204"},
            "withheld": {"proprietor": "Amara Okafor"},
            "visibility": Visibility.DEPARTMENTS,
        }
        return self.desk(name).muniments.lodge(document(), MunimentKind.DEED, **(options | more)).subject

    def close(self) -> None:
        """End both."""
        for name in tuple(self._seated):
            self._leave(name)
        for one in (self.gateway, self.office):
            if one is not None:
                one.end()


def readings(town: Town) -> list[Act]:
    """The readings of a town's ledger, which is open."""
    acts = (town.office.services.act(position) for position in range(town.office.store.head().size))
    return [act for act in acts if act is not None and act.intent.kind is Kind.READ]


def until(true: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for it."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
