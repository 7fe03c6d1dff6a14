"""The least time that a loss could take: what it must move, at the bandwidth measured beside it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .cases import Size

FLOAT, LABEL = 4, 8  # bytes of a logit and of a label
BLOCK = 1 << 17  # floats of a block that stays in the cache, so that the memory sees a triad only
LENGTH = 1 << 24  # floats of each array: far more than a cache holds


def bandwidth(threads: int, length: int = LENGTH, repeats: int = 9) -> float:
    """Bytes a second of the fastest triad a = b + s c, by as many threads as the losses use."""
    a, b, c = (np.ones(length, np.float32) for _ in range(3))
    bounds = np.linspace(0, length, threads + 1, dtype=int)

    def part(start: int, stop: int) -> None:
        scaled = np.empty(BLOCK, np.float32)
        for i in range(start, stop, BLOCK):
            j = min(i + BLOCK, stop)
            np.multiply(c[i:j], 3.0, out=scaled[: j - i])
            np.add(b[i:j], scaled[: j - i], out=a[i:j])

    with ThreadPoolExecutor(threads) as pool:
        seconds = []
        for _ in range(repeats + 1):
            start = time.perf_counter()
            list(pool.map(part, bounds[:-1], bounds[1:]))
            seconds.append(time.perf_counter() - start)
    return 3 * FLOAT * length / min(seconds)


def least_bytes(size: Size) -> int:
    """Forward: read logits and labels. Backward: read both again, write the gradient."""
    n, c, *space = size
    pixels = n * int(np.prod(space))
    return pixels * (3 * c * FLOAT + 2 * LABEL)
