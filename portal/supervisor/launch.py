"""Start a program that dies with the process that started it: `launch.py SIGNAL PARENT_PID PROGRAM ARGUMENT…`.

The kernel sends the signal (a number) the moment the parent ends, also when the parent was killed with -9. This file is run
by its path, with nothing imported but the standard library, because it stands in front of every start.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int, parent_pid: int) -> None:
    """Ask the kernel for the signal at the parent's death; end at once when the parent is already gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent_pid:
        sys.exit(1)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])  # noqa: S606 - no shell is the point
