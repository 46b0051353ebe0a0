"""The process that forks: it imports everything once, then waits for jobs. Run as `python -m tests.crashes.forks`.

Jobs come in on standard input, one JSON line each; the child's status goes out on standard output.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback

import msgspec

from registry.errors import RegistryError
from tests.crashes.nursery import TRACE, Job, Stage
from tests.crashes.scripts import SCRIPTS

FAILED = 70  # a child's status when its script raised what is no error of the registry


def child(job: Job) -> int:
    """Run the script, in the forked process."""
    os.closerange(0, 2)  # the parent's pipes are not ours
    os.open(os.devnull, os.O_RDWR)
    os.dup(0)
    stage = Stage(job)
    try:
        SCRIPTS[job.script](stage)
    except RegistryError as error:
        stage.error(error)
    except BaseException:  # noqa: BLE001  # a forked child must never return into its parent's code
        (stage.folder / TRACE).write_text(traceback.format_exc())
        return FAILED
    return 0


def tend(pid: int, kill_after_s: float | None) -> int:
    """Wait for the child, or kill it after that time; its status, negative for a signal."""
    if kill_after_s is not None:
        handle = os.pidfd_open(pid)
        if not select.select([handle], [], [], kill_after_s)[0]:
            os.kill(pid, signal.SIGKILL)  # not reaped yet, so the number is still his
        os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Until standard input ends."""
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        pid = os.fork()
        if pid == 0:
            os._exit(child(job))
        os.write(1, b"%d\n" % tend(pid, job.kill_after_s))


if __name__ == "__main__":
    main()
