"""tests/conftest.py keeps every test on this machine."""

from __future__ import annotations

import socket

import pytest


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(OSError, match="loopback only"):
        outward.connect(("192.0.2.1", 80))  # TEST-NET-1 (RFC 5737): nobody is there


def test_a_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(OSError, match="loopback only"):
        socket.getaddrinfo("registry.example", 443)


def test_loopback_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
