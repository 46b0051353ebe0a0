"""A stream cut into whole lines, in blocks, with line numbers that stay right and memory that stays bounded.

A line ends with its line feed; a byte order mark before the first line is dropped. What stands in a line (carriage
returns, quotes, text that is not UTF-8) is the readers' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

BLOCK_BYTES: Final = (
    1 << 18
)  # about 1,500 rows: enough that the cost of a block vanishes, little enough to stay in cache
MAX_LINE_BYTES: Final = 1 << 24  # what of one line is held in memory, and so what a reject can give back
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Some whole lines with their ends (the file's last may have none), the first of them numbered `line`.

    `cut`: instead the first MAX_LINE_BYTES of one line that is longer; the rest of it is passed over.
    """

    line: int
    raw: bytes
    cut: bool = False


def blocks(stream: BinaryIO) -> Iterator[Block]:
    """The lines of the stream from where it stands, which is taken to be its beginning. Holds at most one long line."""
    line = 1
    carry = b""
    passing_over = False
    while chunk := stream.read(BLOCK_BYTES):
        if passing_over:
            end = chunk.find(b"\n") + 1
            if not end:
                continue
            chunk, line, passing_over = chunk[end:], line + 1, False
        end = chunk.rfind(b"\n") + 1
        if end:
            yield _block(line, carry + chunk[:end])
            line += chunk.count(b"\n")
            carry = chunk[end:]
        else:
            carry += chunk
            if len(carry) > MAX_LINE_BYTES:
                yield _block(line, carry[:MAX_LINE_BYTES], cut=True)
                carry, passing_over = b"", True
    if carry:
        yield _block(line, carry)


def _block(line: int, raw: bytes, *, cut: bool = False) -> Block:
    return Block(line, raw.removeprefix(BYTE_ORDER_MARK) if line == 1 else raw, cut)
