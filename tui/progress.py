"""How far a run is, in one line: a bar, the share, the rate and the time left. Never a spinner without a number.

▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░░  71 %   92 400 entries a second   4 s left
"""

from __future__ import annotations

from tui.wording import counted

WIDTH = 24
SETTLED_S = 0.5  # before that a rate says nothing


def line(done: int, seconds: float, noun: str, share: float | None = None) -> str:
    """`done` of something after so many seconds; `share` 0 to 1 where the whole is known."""
    parts = [] if share is None else [f"{bar(share)} {int(100 * share):3} %"]
    parts.append(f"{counted(done)} {noun}")
    if seconds >= SETTLED_S and done:
        parts.append(f"{counted(int(done / seconds))} a second")
        if share is not None and 0 < share < 1:
            parts.append(f"{span(seconds * (1 - share) / share)} left")
    return "   ".join(parts)


def bar(share: float) -> str:
    """A bar of 24 cells."""
    full = int(WIDTH * min(max(share, 0.0), 1.0))
    return "▓" * full + "░" * (WIDTH - full)


def span(seconds: float) -> str:
    """`4 s`, `3 min`, `2 h 05 min`."""
    whole = int(seconds + 0.5)
    if whole < 100:
        return f"{whole} s"
    if whole < 6_000:
        return f"{(whole + 30) // 60} min"
    return f"{whole // 3_600} h {whole % 3_600 // 60:02} min"
