"""The demonstration's registry, open for use: an office, the gateway beside it, the workbench in front.

Three processes, as a land registry would run them. The office holds the registry open; the gateway answers other
departments and holds no key but its own officer's; the workbench signs in through the office's door. Whoever leaves the
workbench closes all three, in order: the office last, so that it seals what was recorded.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry.commands.files import shown
from registry.commands.output import say
from registry.errors import Busy, Misuse
from registry.settings import OFFICER, PASSPHRASE_FILE

PORT = 8080
"""The port that docs/departments.md names; where it is taken, any other."""
CLOSES_S = 30.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a visitor needs: everybody's passphrase, a street to search for ("" for none), a deed's reference."""

    passphrase: str
    street: str
    deed: str

    def tell(self, folder: Path, url: str) -> None:
        """Print it, for a terminal of 80 columns."""
        try_it = f" (try {self.street})" if self.street else ""
        say()
        say(f"   Sign in as j.patel with the passphrase {self.passphrase}; m.okoye and a.admin")
        say(f"   have the same. There / searches{try_it}, g l lodges,")
        say("   F1 explains, Ctrl+P lists everything, Ctrl+Q leaves and closes it all.")
        say()
        say(f"   Departments ask at {url}, from a second terminal, by")
        say("   docs/departments.md from its step 2 on. Their keys lie ready:")
        say(f"   cd {shown(folder)}")
        say("   export MUNIMENT_REGISTRY=office")
        say(f"   export REFERENCE={self.deed}")
        say(f"   export PATH={Path(sys.executable).parent}:$PATH")
        say()


def hold(folder: Path, run: Callable[[list[str]], int], sheet: Sheet) -> None:
    """Open the registry, show the sheet, open the workbench; close everything when it is left.

    Raises Misuse, Busy where one of the three cannot start.
    """
    with ExitStack() as held:
        held.enter_context(_process(folder, "office", (), _as("m.okoye", folder)))
        port = str(PORT if _free(PORT) else 0)
        said = held.enter_context(_process(folder, "gateway", ("--port", port), _as("gateway", folder)))
        url = next(word for word in said.split() if word.startswith("http://"))
        sheet.tell(folder, url)
        try:
            input("   Enter opens the workbench, Ctrl+C ends here. ")
        except (EOFError, KeyboardInterrupt):
            say()
            return
        os.environ.pop(PASSPHRASE_FILE, None)
        os.environ[OFFICER] = "j.patel"
        os.environ["XDG_STATE_HOME"] = str(folder / "state")  # drafts of an earlier demonstration are another key's
        run(["workbench"])


def is_open(registry: Path) -> bool:
    """Whether an office serves at the registry's door."""
    from registry.door.client import knock

    try:
        office = knock(registry)
    except Busy:
        return True
    if office is None:
        return False
    office.close()
    return True


@contextmanager
def _process(folder: Path, command: str, options: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[str]:
    """A command in a process of its own, from its first line on (which is given) until the block is left."""
    log = folder / f"{command}.log"
    with (
        log.open("wb") as complaints,
        subprocess.Popen(
            [sys.executable, "-m", "registry.commands", command, *options],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            # A group of its own: Ctrl+C at this terminal is for who sits here, and closes the others in order.
            process_group=0,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            if not said:
                raise Misuse(f"'muniment {command}' did not start; {log} says why: {log.read_text().strip()}")
            yield said
        finally:
            process.terminate()
            try:
                process.communicate(timeout=CLOSES_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _as(who: str, folder: Path) -> dict[str, str]:
    return {**os.environ, OFFICER: who, PASSPHRASE_FILE: str(folder / "passphrases" / who), "PYTHONUNBUFFERED": "1"}


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
