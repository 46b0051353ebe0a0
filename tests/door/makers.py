"""Those who only make work for an office, in a process of their own, so that no clerk is measured through it: a
department's client, and a loader.

    python -m tests.door.makers FOLDER URL REFERENCE SEED

Each line of its input is answered with how far they are, as a line of JSON; at the end of its input they stop, and the
last line says what came of it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from fixtures.expected import Expected
from fixtures.generate import lines
from fixtures.sales import Sales
from fixtures.volumes import LATER
from tests.door.crowd import AGAIN_S, ROOT, program

ROWS = 50_000
PACE_S = 0.75  # 5,000 points are an hour's, one a question
NICE = 15  # what is measured is the clerks'
LEAVE_S = 180.0


class Made(msgspec.Struct):
    """What came of it so far. `codes`: how often the gateway answered with what."""

    codes: dict[str, int]
    rows: int
    outages: int
    faults: list[str]


class Makers:
    """The process, from the outside."""

    def __init__(self, folder: Path, url: str, reference: str, seed: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.door.makers", str(folder), url, reference, str(seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def far(self) -> Made:
        """How far they are."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return msgspec.json.decode(self._process.stdout.readline(), type=Made)

    def end(self) -> Made:
        """Have them stop; what came of it."""
        out, _ = self._process.communicate(timeout=2 * LEAVE_S)
        return msgspec.json.decode(out, type=Made)


class Client(threading.Thread):
    """A department's system, which asks the gateway by id, as often as its points of an hour allow, and reads the
    newest checkpoint between two questions, which costs none."""

    QUERY = "query Q($r: String!) { muniment(by: {reference: $r}) { reference kind currentVersion { number } } }"

    def __init__(self, url: str, assertion: Callable[[], str], reference: str, stop: threading.Event) -> None:
        super().__init__(name="client")
        self.codes: Counter[str] = Counter()
        self.faults: list[str] = []
        self._host = url.removeprefix("http://")
        self._assertion, self._reference, self._stops = assertion, reference, stop

    def run(self) -> None:
        """Ask until told to stop; a new token where the old one is refused."""
        connection = http.client.HTTPConnection(self._host, timeout=30)
        try:
            self._ask(connection)
        except (OSError, http.client.HTTPException) as error:
            self.faults.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        asked, token = json.dumps({"query": self.QUERY, "variables": {"r": self._reference}}), ""
        while not self._stops.is_set():
            if not token:
                token = self._token(connection)
                continue
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request("POST", "/graphql", asked, headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status == 401:
                token = ""
            errors = [one["extensions"]["code"] for one in body.get("errors", ())]
            self.codes[errors[0] if errors else str(answer.status)] += 1
            asked_until = time.monotonic() + PACE_S
            while time.monotonic() < asked_until and not self._stops.is_set():
                self._read_checkpoint(connection)
            if not errors and body["data"]["muniment"]["reference"] != self._reference:
                self.faults.append(f"another muniment came: {body}")

    def _read_checkpoint(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/checkpoint")
        answer = connection.getresponse()
        answer.read()
        self.codes[f"checkpoint {answer.status}"] += 1

    def _token(self, connection: http.client.HTTPConnection) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._assertion(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/oauth/token", urllib.parse.urlencode(form), headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        self.codes[f"token {answer.status}"] += 1
        if answer.status != 200:
            self._stops.wait(AGAIN_S)
        return str(body.get("access_token", ""))


class Files:
    """Files of sales that nobody has, each from the seed and its number."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed, self.written = folder, seed, 0

    def __call__(self, number: int) -> Path:
        path = self._folder / f"sales-{number}.csv"
        rng = random.Random(f"{self._seed} {number}")
        with path.open("wb") as file:
            file.writelines(lines(Sales(rng, LATER, ROWS), rng, ROWS, {}, Expected()))
        self.written += ROWS
        return path


class Loader(threading.Thread):
    """An administrator who loads one file after another, and goes on with the same one after an outage."""

    def __init__(self, folder: Path, files: Callable[[int], Path], stop: threading.Event) -> None:
        super().__init__(name="loader")
        self.recorded, self.outages = 0, 0
        self.faults: list[str] = []
        self._folder, self._files, self._stops = folder, files, stop

    def run(self) -> None:
        """Load until told to stop."""
        number = 0
        while not self._stops.is_set():
            number += 1
            self._load(self._files(number))

    def _load(self, path: Path) -> None:
        while not self._stops.is_set():
            process = program(self._folder, "load", str(path), "--json", who="loader")
            out, _ = process.communicate()
            if process.returncode == 0:
                self.recorded += sum(map(int, re.findall(r'"recorded":\s*([0-9]+)', out)))
                return
            if process.returncode != 4:
                self.faults.append(f"the load ended with {process.returncode}: {out}")
                return
            self.outages += 1
            self._stops.wait(AGAIN_S)


def assertion(folder: Path, url: str) -> str:
    """A fresh one of the police's."""
    words = ("token", "--client", "POL", "--key", "police.pem", "--url", url, "--assertion")
    with program(folder, *words, who="opener") as signing:
        return signing.communicate()[0].strip()


def main(folder: Path, url: str, reference: str, seed: int) -> None:
    """Make work until the input ends."""
    os.nice(NICE)
    stop, files = threading.Event(), Files(folder, seed)
    client = Client(url, lambda: assertion(folder, url), reference, stop)
    loader = Loader(folder, files, stop)

    def tell() -> None:
        made = Made(dict(client.codes), files.written, loader.outages, [*client.faults, *loader.faults])
        print(msgspec.json.encode(made).decode(), flush=True)

    for one in (client, loader):
        one.start()
    for _ in sys.stdin:
        tell()
    stop.set()
    for one in (client, loader):
        one.join(LEAVE_S)
        if one.is_alive():
            loader.faults.append(f"{one.name} did not leave")
    tell()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
