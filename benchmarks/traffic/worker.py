"""Runs losses with Paddle's log on, each in a process of its own: `python -m benchmarks.traffic.worker FOLDER NAME...`.

The log knows tensors by their address, which a tensor of another loss may have had. The processes are forked from one
that has imported Paddle, which takes as long as all that is counted, and has computed nothing.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import paddle

from paddleseg_losses import registry
from paddleseg_losses.paddleseg.shims import fixed
from paddleseg_losses.transforms import DistanceMaps, known_maps

from ..cases import arrays
from . import KNOWN

CALLS = 5  # the last one is counted: whatever is made once is made
VERBOSE = 6  # the level at which Paddle writes down every operator with its tensors
READS = ("numpy", "item", "tolist", "cpu", "__bool__", "__float__", "__int__", "__index__")
COPIES = ("to_tensor", "assign")  # of arrays: nobody here assigns tensors
PEER = "PaddleSeg."  # before the names of its losses
core = paddle.base.core


def main() -> None:
    """NAME.json, and in NAME.log what Paddle writes, between lines that begin with @@."""
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    registry.names()  # imports the losses
    gc.freeze()  # what was imported stays, and need not be looked at
    for name in names:
        child = os.fork()
        if not child:
            _count(folder, name)
        if os.waitpid(child, 0)[1]:
            sys.exit((folder / f"{name}.log").read_text(errors="replace")[-2000:])


def _count(folder: Path, name: str) -> NoReturn:
    """In a process of its own, which ends with it."""
    code = 1
    try:
        os.dup2(os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT), 2)
        size = tuple(int(side) for side in os.environ["TRAFFIC_SIZE"].split(","))
        mended = fixed() if name.startswith(PEER) else nullcontext()  # PaddleSeg's losses crash on Paddle 3 without
        with _as_on_device(), _watched() as waits, mended:
            facts = {"loss": name, **_measure(name, size, waits)}
        (folder / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _measure(name: str, size: tuple[int, ...], waits: Counter[str]) -> dict[str, Any]:
    loss, given = _loss(name.removesuffix(KNOWN), size[1]), arrays(size)
    logits, labels = paddle.to_tensor(given.logits), paddle.to_tensor(given.labels)
    maps = _maps(given.labels, size[1]) if name.endswith(KNOWN) else None
    for call in range(CALLS):
        x, y = logits.clone().detach(), labels.clone()
        x.stop_gradient = False
        gc.collect()
        waits.clear()
        core.host_memory_stat_reset_peak_value("Allocated", 0)
        before = _allocated()
        counted = call == CALLS - 1
        with _logged(f"{name} forward", counted), known_maps(maps):
            value = loss(x, y)
        gc.collect()
        saved, peak = _allocated() - before, [_peak() - before]
        core.host_memory_stat_reset_peak_value("Allocated", 0)
        with _logged(f"{name} backward", counted):
            value.backward()
        peak.append(_peak() - before)
        del value
    copies = sum(waits.pop(name, 0) for name in COPIES)
    return {"logits": x.size * 4, "saved": saved, "peak": peak, "waits": sum(waits.values()), "copies": copies}


def _loss(name: str, classes: int) -> Any:
    if name.startswith(PEER):
        from paddleseg.cvlibs import manager

        cls = manager.LOSSES[name.removeprefix(PEER)]
        return cls(classes) if name.endswith("MultiClassFocalLoss") else cls()
    spec = registry.get(name)
    return spec.cls(**spec.example)


def _maps(labels: Any, classes: int) -> dict[str, Any]:
    """What the transform hands on, on the device."""
    made = [DistanceMaps(classes)({"label": each}) for each in labels]
    return {"signed": paddle.to_tensor(np.stack([each["distance_maps"]["signed"] for each in made]))}


def _allocated() -> int:
    return int(core.host_memory_stat_current_value("Allocated", 0))


def _peak() -> int:
    return int(core.host_memory_stat_peak_value("Allocated", 0))


@contextmanager
def _logged(title: str, counted: bool) -> Iterator[None]:
    if not counted:
        yield
        return
    os.write(2, f"@@{title}\n".encode())
    core.set_vlog_level(VERBOSE)
    try:
        yield
    finally:
        core.set_vlog_level(0)
        os.write(2, b"@@\n")


@contextmanager
def _as_on_device() -> Iterator[None]:
    """Distance maps are searched by SciPy where tensors are on a CPU: here they are not."""
    from paddleseg_losses.functional import edt

    class Elsewhere:
        def __getattr__(self, name: str) -> Any:
            return (lambda: False) if name == "in_dynamic_mode" else getattr(paddle, name)

    original, edt.paddle = edt.paddle, Elsewhere()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        edt.paddle = original  # type: ignore[attr-defined]


@contextmanager
def _watched() -> Iterator[Counter[str]]:
    """Counts what makes the host wait for a device, and what is copied to it from the host's memory."""
    seen: Counter[str] = Counter()
    tensor = paddle.Tensor

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            seen[name] += 1
            return original(*args, **kwargs)

        setattr(owner, name, wrapped)

    for name in READS:
        if hasattr(tensor, name):
            watch(tensor, name)
    for name in COPIES:
        watch(paddle, name)
    yield seen


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
