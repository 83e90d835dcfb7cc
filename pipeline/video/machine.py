"""What a process of the engine sets once, and what its machine has: steady memory, cores, instructions."""

from __future__ import annotations

import contextlib
import ctypes
import os
from functools import cache
from pathlib import Path

import cv2

# malloc.h of glibc.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
MIB = 1024 * 1024
CPU_FACTS = Path("/proc/cpuinfo")


@cache
def prepare() -> None:
    """Set up this process; further calls do nothing.

    glibc gives large buffers back at once: threads that hand frames on otherwise leave holes in its heaps. It keeps
    small ones, else the ends of its heaps would be given back and zeroed again a hundred times a second. The eyes'
    threads share the cores; OpenCV's own would fight with them.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library: nothing to set
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, MIB)
        libc.mallopt(M_TRIM_THRESHOLD, 64 * MIB)
    cv2.setNumThreads(1)


def cores(asked: int | None = None) -> int:
    """Return how many threads to use: as asked for, else one a core that this process may use."""
    return asked or len(os.sched_getaffinity(0))


@cache
def has_avx512() -> bool:
    """Return whether the processor has AVX-512, which also says that it has AVX2; nothing where Linux does not say."""
    try:
        return "avx512f" in CPU_FACTS.read_text().split()
    except OSError:
        return False
