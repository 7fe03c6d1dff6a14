"""What the losses keep beside the model on an accelerator, from what has been counted for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache

import paddle

from ..catalogue import FOLDER
from ..i18n import _
from ..losses.base import Loss
from .batch import Batch
from .report import Finding, MemoryFact, commented
from .terms import TermGradient

MEGABYTE = 2**20
FLOAT32 = 4  # bytes: half precision is cast
MOST = 0.5  # of the device's memory: the model needs the rest


def memory_of(batch: Batch, gradients: Iterable[TermGradient]) -> MemoryFact | None:
    """An upper bound: what every term keeps for its gradient, and the most that one of them needs meanwhile.

    None if a term has not been counted.
    """
    sizes = [logits.size * FLOAT32 / MEGABYTE for logits in batch.logits]
    kept, meanwhile = 0.0, 0.0
    for term in gradients:
        counted = _counted().get(type(term.loss).__name__) if isinstance(term.loss, Loss) else None
        if counted is None:
            return None
        size = sizes[term.fact.head]
        kept += counted["saved"] * size
        meanwhile = max(meanwhile, (counted["peak"] - counted["saved"]) * size)
    return MemoryFact(sum(sizes), kept + meanwhile, device_memory())


def too_much(fact: MemoryFact | None, batch: Batch) -> Iterator[Finding]:
    """Losses that leave the model too little of the device's memory."""
    if fact is not None and fact.device is not None and fact.losses > MOST * fact.device:
        fitting = max(int(batch.batch_size * MOST * fact.device / fact.losses), 1)
        yield Finding(
            "memory",
            _(
                "The losses need up to {losses:.0f} MB of the {device:.0f} MB of the device, the model not counted.",
                losses=fact.losses,
                device=fact.device,
            ),
            commented(f"batch_size: {fitting}", _("or a smaller crop, or a loss that keeps less: docs/traffic.md")),
        )


def device_memory() -> float | None:
    """Megabytes of the GPU that Paddle trains on; None without one."""
    if not paddle.is_compiled_with_cuda() or not paddle.device.cuda.device_count():
        return None
    return float(paddle.device.cuda.get_device_properties().total_memory) / MEGABYTE


@cache
def _counted() -> dict[str, dict[str, float]]:
    """Of each loss in units of the logits: `saved` from the forward to the backward pass, and at the `peak`."""
    return json.loads((FOLDER / "memory.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]
