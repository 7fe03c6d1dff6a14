"""The part of `gpu_check` that measures: time on a card by its own clock, and memory by torch's allocator."""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable

import torch


def gradient(loss: Callable[[Any, Any], Any], z: Any, y: Any) -> Any:
    """Of logits made here: torch makes gradients on the stream on which their leaves were."""
    leaf = z.detach().requires_grad_()
    return torch.autograd.grad(loss(leaf, y), leaf)[0]


def ratio(one: dict[str, float | None], other: dict[str, float | None]) -> float | None:
    """How many times longer the first takes on the device; None if one of them had too little memory."""
    return None if one["ms"] is None or other["ms"] is None else one["ms"] / other["ms"]


class Timer:
    """Measures calls on a device."""

    def __init__(self, device: str) -> None:
        self.device = device

    def copy_speed(self, size: int = 1 << 28) -> float:
        """Bytes a second, read and written, of the card's own copy."""
        a = torch.empty(size, dtype=torch.float32, device=self.device)
        b = torch.empty_like(a)
        return 2 * 4 * size / self.seconds(lambda: b.copy_(a))

    def step(self, loss: Callable[[Any, Any], Any], z: Any, y: Any, size: int) -> dict[str, float | None]:
        """A forward and a backward pass: see `call`."""

        return self.call(lambda: gradient(loss, z, y), size)

    def call(self, run: Callable[[], Any], size: int, least: int = 5) -> dict[str, float | None]:
        """Milliseconds of a call on the device, and as it is made; its largest memory in units of `size`.

        All are None where the device has too little memory.
        """
        if self.device != "cuda":
            return {"ms": 1e3 * self.seconds(run), "called_ms": None, "peak": None}
        try:
            run()
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            run()
            peak = (torch.cuda.max_memory_allocated() - before) / size
            return {
                "ms": 1e3 * self.on_device(run, least),
                "called_ms": 1e3 * self.seconds(run, least),
                "peak": peak,
            }
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            return {"ms": None, "called_ms": None, "peak": None}

    def on_device(self, run: Callable[[], Any], least: int = 5) -> float:
        """Of a CUDA graph, where what the host does in between takes no time."""
        if self.device != "cuda":
            return self.seconds(run, least)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run()
        return self.seconds(graph.replay, least)

    def seconds(self, run: Callable[[], Any], least: int = 5, budget: float = 0.25) -> float:
        """The median time of a call, measured on the device."""
        run()
        times: list[float] = []
        end = time.monotonic() + budget
        while len(times) < least or (time.monotonic() < end and len(times) < 50):
            times.append(self._timed(run))
        return statistics.median(times)

    def _timed(self, run: Callable[[], Any]) -> float:
        if self.device != "cuda":
            begin = time.perf_counter()
            run()
            return time.perf_counter() - begin
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        run()
        last.record()
        last.synchronize()
        return first.elapsed_time(last) / 1e3
