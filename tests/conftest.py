"""What holds for every test: no network but loopback, one hypothesis profile, nothing of the caller's terminal.

Warnings are errors (pyproject.toml). Property tests repeat the same examples in every run, so that a red run is red
again; `make soak` takes fresh seeds and many more of them, and prints what reproduces a failure.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=3_000, database=None, print_blob=True)
hypothesis.settings.load_profile("house")

# Textual reads these when it is imported; an empty NO_COLOR counts too.
for name in [name for name in os.environ if name == "NO_COLOR" or name.startswith("TEXTUAL")]:
    del os.environ[name]
# Likewise whoever runs the tests may have a registry of his own.
for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
    del os.environ[name]


def _stays_here(host: object) -> bool:
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    """An audit hook, so that no library goes round it: a test that reaches for another machine fails right there."""
    if event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not _stays_here(address[0]):
            raise OSError(f"a test may connect to loopback only, not to {address[0]}")
    elif event == "socket.getaddrinfo" and not _stays_here(args[0]):
        raise OSError(f"a test may look up loopback only, not {args[0]}")


sys.addaudithook(_refuse_network)


# Half of all time, and seldom the first to turn red: `make check` leaves them to `make test`.
SLOW = (
    "crashes",
    "tamper",
    "engines",
    "door/test_commands.py",
    "commands/test_bad_input.py",
    "commands/test_interruption.py",
    "commands/test_terminal.py",
    "commands/test_verify_alone.py",
    "ledger/test_export.py",
    "ledger/test_judges.py",
)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(here / place) for place in SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For a test that fills the machine, or measures to the millisecond: no other such test runs beside it, in any of
    pytest's processes."""
    with (tmp_path_factory.getbasetemp().parent / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
