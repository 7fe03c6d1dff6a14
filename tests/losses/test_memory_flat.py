"""Nothing is kept from call to call: the memory of a process is the same after hundreds of steps of varying shapes.

`python -m tests.reliability memory` takes a thousand, of every loss.
"""

import sys

import pytest

from tests import fresh

PROGRAM = """
    import gc, sys, warnings
    warnings.simplefilter("ignore")
    import numpy as np
    import paddle
    import paddleseg_losses as pl

    count, mode, names = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    rng = np.random.default_rng(0)
    shapes = [(int(rng.integers(1, 4)), 3, *map(int, rng.integers(8, 40, 2))) for _ in range(20)]
    problems = [(paddle.randn(list(s)), paddle.randint(0, 3, [s[0], *s[2:]])) for s in shapes]
    losses = [getattr(pl, name)() for name in names]

    def steps(count):
        for k in range(count):
            logits, labels = problems[k % len(problems)]
            logits = logits.clone()
            logits.stop_gradient = False
            sum(loss(logits, labels) for loss in losses).backward()

    def used():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    with pl.kernels.use_kernels(mode):
        steps(200)
        before = used()
        steps(count)
        print(before, used() - before)
"""
STEPS = 400
NAMES = ["DiceLoss", "CrossEntropyLoss", "LovaszSoftmaxLoss", "ExpLogLoss", "BoundaryDoULoss"]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read as Linux tells it")
@pytest.mark.parametrize("mode", ["auto", "composed"])
def test_steps_keep_nothing(mode):
    done = fresh.run(PROGRAM, STEPS, mode, *NAMES)
    assert done.returncode == 0, done.stderr[-2000:]
    before, grown = map(int, done.stdout.split())
    assert grown <= 0.01 * before
    assert grown / STEPS / len(NAMES) < 100  # bytes a call: Paddle's own `to_tensor` would keep more
