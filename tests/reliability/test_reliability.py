"""The trials in short; `python -m tests.reliability` runs them at length."""

import importlib
import mmap
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from paddleseg_losses import DiceLoss

from .fuzz import Tally, drawn
from .steps import ALLOWED, growth, of_its_own, resident

CALLS = 240


def test_random_calls_are_kept_or_refused():
    tally = Tally()
    for number in range(CALLS):
        tally.add(drawn(number))
    assert not tally.broken, "\n".join(tally.broken)
    assert sum(tally.kept.values()) > CALLS / 2
    assert len(tally.kept) > 30


def test_a_call_is_drawn_from_its_number_alone():
    assert str(drawn(11)) == str(drawn(11)) != str(drawn(12))


def test_what_is_wrong_is_found(monkeypatch):
    """A trial that finds nothing because it looks at nothing would be worse than none."""
    from . import fuzz

    call = next(call for call in map(drawn, range(CALLS)) if _is_partly_ignored(call) and fuzz.tried(call) == "kept")
    made = fuzz._made

    def with_gradient(change):
        def changed(call, dtype):
            value, gradient, unchanged = made(call, dtype)
            return change(value, gradient, unchanged) if dtype == "float32" else (value, gradient, unchanged)

        return changed

    def other_backend(call, dtype):
        raise ValueError("inside of something else")

    changes = {
        "not finite": with_gradient(lambda value, gradient, same: (value * float("nan"), gradient, same)),
        "a gradient where pixels are ignored": with_gradient(lambda value, gradient, same: (value, gradient + 1, same)),
        "it wrote to its inputs": with_gradient(lambda value, gradient, same: (value, gradient, False)),
        "differs by": with_gradient(lambda value, gradient, same: (value * 1.001 + 0.001, gradient, same)),
        "ValueError of another library": other_backend,
    }
    for mistake, change in changes.items():
        monkeypatch.setattr(fuzz, "_made", change)
        assert mistake in fuzz.tried(call)


def test_steps_keep_no_memory():
    """Longer in `python -m tests.reliability memory`."""
    assert of_its_own("DiceLoss", "composed", 200) < ALLOWED


def test_processes_after_its_own_have_one_thread():
    """Those of `compare` are forked from the same server."""
    of_its_own("DiceLoss", "composed", 2)
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as process:
        assert process.submit(os.getenv, "PADDLESEG_LOSSES_THREADS").result() == "1"


def test_memory_that_is_kept_is_seen():
    """New pages of the system: Python's own memory may have free room inside, in a process that is large already."""
    kept, size = [], resident() // 200  # thirty times a two-hundredth

    def leaking(logits, labels):
        kept.append(mmap.mmap(-1, size))
        kept[-1].write(b"1" * size)
        return DiceLoss()(logits, labels)

    assert growth(leaking, "multiclass", 60) > 5 * ALLOWED


@pytest.mark.slow
@pytest.mark.parametrize("command", ["killed_training.Training", "killed_comparison.Comparison"])
def test_what_was_killed_goes_on(command, tmp_path):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from .kills import trial

    module, name = command.split(".")
    cls = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    assert trial(cls(tmp_path), times=1, seed=3) == 0


def _is_partly_ignored(call):
    return call.ignored.any() and not call.ignored.all()
