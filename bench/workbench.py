"""How long a clerk waits at the workbench, over a registry of a million sales, in a real terminal.

    PYTHONPATH=.:graphql python -m bench.workbench [--rows 1000000] [--asks 40] [--folder PATH] [--columns 100]

Founds a registry, loads generated sales and runs the workbench in a pseudo-terminal. Each figure is the time from the
key to the bytes that draw its answer, read at the terminal's other end:

    first row    Enter after the passphrase → the first row of the home page, beside the first frame of an empty Textual
                 application
    search       Enter in the box → the first row found, for words of the data from rare to common
    history      Enter on that row → its history
    memory       of the workbench's process after all of that: resident, and its own share of it (PSS)
    while a load runs    the same searches and histories while another process loads
    stalled      keys typed into the box while the desk takes two seconds for a search

With `--folder` the registry is kept there, and taken from there the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import apsw

from registry.office import Office
from registry.settings import Settings
from tests.tui.terminal import ROOT, Terminal

PHRASE = "founder's"
LONGEST = 60  # letters in the box
REST_S = 0.1
SEED = 7
START = "from registry.commands import main; main()"
FRESH = b"\x05\x15"  # to the end of the field, and delete all before it
F3, ENTER, CTRL_Q = b"\x1bOR", b"\r", b"\x11"
FIRST, FOUND, HISTORY = "load/", "› sale", "● 1 ·"
EMPTY = "from textual.app import App; App().run()"
CONSTANT = ("road", "house", "flat", "a", "terrace ", "the ")
"""Words that a third of all sales have, and some that go on: a search for them reads the most."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds waited, in order of asking."""

    search: tuple[float, ...]
    history: tuple[float, ...]
    cpu: float  # of the workbench's process, for a search and a history with its proof: the mean


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=40, help="searches, and histories, of each round")
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="where the registry is kept, or made")
    options = parser.parse_args()
    with contextlib.ExitStack() as held:
        folder = options.folder or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="muniment-bench-")))
        settings = Settings(folder / "data", folder / "data.signer", "founder", _phrase(folder))
        if not settings.registry.exists():
            _found(settings, folder, options.rows)
        _head(settings)
        texts = _texts(folder, options.asks)
        _first_row(settings)
        with _signed_in(settings, options.columns) as terminal:
            _tell("quiet", _ask(terminal, texts))
            _memory(terminal)
        with _load_running(settings, folder), _signed_in(settings, options.columns) as terminal:
            _tell("while a load runs", _ask(terminal, texts))
            _memory(terminal)
        _stalled(settings)


# ---- the registry ----


def _phrase(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "phrase"
    path.touch(mode=0o600)
    path.write_text(f"{PHRASE}\n")
    return path


def _sales(folder: Path, rows: int, seed: int) -> Path:
    place = folder / f"sales-{seed}"
    if not (place / "sales.csv").exists():
        given = ["--rows", str(rows), "--seed", str(seed), "--out", str(place)]
        subprocess.run([sys.executable, ROOT / "fixtures" / "generate.py", *given], check=True, env=_environment())
    return place / "sales.csv"


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")])}


def _found(settings: Settings, folder: Path, rows: int) -> None:
    with Office.found(
        settings,
        origin="registry.example/land",
        department="HMLR",
        department_name="Land Registry",
        officer="founder",
        passphrase=PHRASE,
    ):
        pass
    began = time.monotonic()
    _program(settings, "load", str(_sales(folder, rows, SEED))).wait()
    print(f"loaded {rows:,} rows in {time.monotonic() - began:.0f} s")


def _program(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    places = ["--registry", str(settings.registry), "--signer", str(settings.signer), "--officer", "founder"]
    return subprocess.Popen(
        [sys.executable, "-c", START, *places, *arguments],
        env=_environment() | {"MUNIMENT_PASSPHRASE_FILE": str(settings.passphrase_file)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Linux shares the processors out by session, and a service has its own
    )


@contextlib.contextmanager
def _load_running(settings: Settings, folder: Path) -> Iterator[None]:
    """An office open at its door, and a load coming through it for as long as this lasts."""
    path = _sales(folder, 1_000_000, SEED + os.getpid())
    office = _program(settings, "office")
    door = settings.registry / "door"
    while not door.is_socket():
        assert office.poll() is None, "the office did not open"
        time.sleep(0.05)
    load = _program(settings, "load", str(path))
    try:
        size = _size(settings)
        while _size(settings) <= size + 1:
            assert load.poll() is None, "the load did not begin"
            time.sleep(0.05)
        yield
        assert load.poll() is None, "the load was over before everything was asked: give fewer --asks"
    finally:
        for process in (load, office):
            process.terminate()
            process.wait()
        path.unlink()


def _size(settings: Settings) -> int:
    with Office.reading(settings) as office:
        return office.store.head().size


def _texts(folder: Path, count: int) -> list[bytes]:
    """What is searched for: addresses, postcodes and ids of some sales, streets, and common words."""
    rng = random.Random(SEED)
    raw = (folder / f"sales-{SEED}" / "sales.csv").open("rb").read(20_000_000).split(b"\n")
    texts: list[bytes] = []
    while len(texts) < count:
        fields = [one.decode() for one in rng.choice(raw[:-1]).strip(b'"').split(b'","')]
        house, street, code, id = fields[7], fields[9], fields[3], fields[0]
        chosen = rng.choice([f"{house} {street}", code, id, street, street[:6], rng.choice(CONSTANT)])
        if len(chosen.strip()) > 0:
            texts.append(chosen.lower().encode() if not chosen.startswith("{") else chosen.encode())
    return texts


# ---- the terminal ----


@contextlib.contextmanager
def _signed_in(settings: Settings, columns: int, module: str = "tui") -> Iterator[Terminal]:
    places = ["--registry", str(settings.registry), "--signer", str(settings.signer), "--officer", "founder"]
    with tempfile.TemporaryDirectory() as state:
        terminal = Terminal(["-m", module, *places], columns=columns, rows=30, state=Path(state))
        try:
            terminal.until("M0100")
            terminal.then(PHRASE.encode() + ENTER, FIRST)
            yield terminal
            terminal.type(CTRL_Q)
            terminal.end()
        finally:
            terminal.close()


def _waited(terminal: Terminal, keys: bytes, words: str) -> float:
    """Milliseconds from the keys to the words."""
    began = time.perf_counter()
    terminal.then(keys, words)
    return 1_000 * (time.perf_counter() - began)


def _first_row(settings: Settings) -> None:
    empty, first = [], []
    for _ in range(5):
        began = time.perf_counter()
        terminal = Terminal(["-c", EMPTY])
        terminal.until(80 * " ")
        empty.append(1_000 * (time.perf_counter() - began))
        terminal.close()
        places = ["--registry", str(settings.registry), "--signer", str(settings.signer), "--officer", "founder"]
        terminal = Terminal(["-m", "tui", *places])
        terminal.until("M0100")
        first.append(_waited(terminal, PHRASE.encode() + ENTER, FIRST))
        terminal.type(CTRL_Q)
        terminal.end()
        terminal.close()
    beyond = statistics.median(first) - statistics.median(empty)
    print(
        f"first row: {statistics.median(first):.0f} ms after Enter (worst of 5 {max(first):.0f}); "
        f"an empty Textual application's first frame {statistics.median(empty):.0f} ms; beyond it {beyond:.0f} ms"
    )


def _ask(terminal: Terminal, texts: Sequence[bytes]) -> Waits:
    searches, histories, before = [], [], _cpu(terminal)
    terminal.then(b"/", "not a proof")
    for text in texts:
        terminal.then(FRESH + text, text.decode().strip()[-4:])
        _rest(terminal)
        searches.append(_waited(terminal, ENTER, FOUND))
        histories.append(_waited(terminal, ENTER, HISTORY))
        terminal.then(b"", "M0301")
        terminal.then(F3 + b"/", "not a proof")
    return Waits(tuple(searches), tuple(histories), (_cpu(terminal) - before) / len(texts))


def _rest(terminal: Terminal) -> None:
    """Until nothing is drawn any more: what is drawn again late would pass for an answer."""
    while terminal.first(partial(_more, terminal, len(terminal.seen)), REST_S):
        pass


def _more(terminal: Terminal, drawn: int) -> str:
    return "more" if len(terminal.seen) > drawn else ""


def _cpu(terminal: Terminal) -> float:
    """Milliseconds that its process has spent."""
    fields = Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()
    return 1_000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tell(what: str, waits: Waits) -> None:
    for name, found in (("search", waits.search), ("history", waits.history)):
        ordered = sorted(found)
        p95 = ordered[int(0.95 * (len(ordered) - 1))]
        print(f"{what}: {name}: p50 {statistics.median(ordered):.0f} ms, p95 {p95:.0f}, worst {ordered[-1]:.0f}")
    print(f"{what}: CPU of the workbench for both, typing and going back: {waits.cpu:.0f} ms")


def _memory(terminal: Terminal) -> None:
    told = Path(f"/proc/{terminal.pid}/smaps_rollup").read_text()
    found = {name: int(size) // 1024 for name, size in re.findall(r"^(Rss|Pss):\s+(\d+) kB", told, re.MULTILINE)}
    print(f"memory: {found['Rss']} MB resident, {found['Pss']} MB of it its own share")


def _stalled(settings: Settings) -> None:
    with _signed_in(settings, 100, "bench.stalled") as terminal:
        terminal.then(b"/", "not a proof")
        _tell_keys("keys while nothing is asked", [wait for _ in range(5) for wait in _typed(terminal)])
        waits: list[float] = []
        for _ in range(5):
            terminal.then(FRESH + b"road" + ENTER + b"/" + FRESH, "M0200")
            waits += _typed(terminal)
            terminal.until("M020")
        _tell_keys("keys while the desk stalls for 2 s", waits)


def _typed(terminal: Terminal) -> list[float]:
    """Letters typed into the box for 1.8 s, each after the one before was drawn; milliseconds that each waited."""
    waits, typed, ends = [], "", time.monotonic() + 1.8
    while time.monotonic() < ends:
        if len(typed) == LONGEST:
            terminal.type(FRESH)
            typed = ""
        typed += chr(97 + len(typed) % 26)
        waited = _waited(terminal, typed[-1].encode(), typed)
        if len(typed) > 3:  # fewer letters stand elsewhere too
            waits.append(waited)
    terminal.type(FRESH)
    return waits


def _tell_keys(what: str, waits: Sequence[float]) -> None:
    ordered = sorted(waits)
    p99 = ordered[int(0.99 * (len(ordered) - 1))]
    print(f"{what}: {len(waits)}, p50 {statistics.median(ordered):.1f} ms, p99 {p99:.1f}, worst {ordered[-1]:.1f}")


# ---- what it is measured on ----


def _head(settings: Settings) -> None:
    print(f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}")
    print(f"load average {os.getloadavg()[0]:.1f}; SQLite {apsw.sqlite_lib_version()}, WAL, synchronous=FULL")
    print(f"{_size(settings):,} entries")


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")), "?")


if __name__ == "__main__":
    main()
