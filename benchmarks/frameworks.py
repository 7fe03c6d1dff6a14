"""How each framework takes an array, runs one step, and counts its threads."""

from __future__ import annotations

import time
from typing import Any, Callable

from .cases import Arrays, Shape, arrays, masks, written


class Host:
    """NumPy arrays, no gradient."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def tensor(self, array: Any, differentiable: bool = False) -> Any:
        """The array as the framework's own, on the processor."""
        return array

    def differentiate(self, value: Any) -> None:
        """The backward pass."""
        raise NotImplementedError("a map has no gradient")

    def forget(self, leaf: Any) -> None:
        """Drop the gradient, so that the next step writes a new one."""

    def number(self, value: Any) -> float:
        """A value, or the sum of a map, for comparison."""
        return float(value.sum())


class Paddle(Host):
    """Paddle; the number of its threads is in OMP_NUM_THREADS, which it reads when it is imported."""

    def tensor(self, array: Any, differentiable: bool = False) -> Any:
        import paddle

        return paddle.to_tensor(array, stop_gradient=not differentiable)

    def differentiate(self, value: Any) -> None:
        value.backward()

    def forget(self, leaf: Any) -> None:
        leaf.clear_gradient(set_to_zero=False)


class Torch(Host):
    """PyTorch on the processor."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        import torch

        torch.set_num_threads(threads)

    def tensor(self, array: Any, differentiable: bool = False) -> Any:
        import torch

        return torch.from_numpy(array).clone().requires_grad_(differentiable)

    def differentiate(self, value: Any) -> None:
        value.backward()

    def forget(self, leaf: Any) -> None:
        leaf.grad = None


FRAMEWORKS: dict[str, type[Host]] = {"ours": Paddle, "paddle": Paddle, "torch": Torch, "host": Host}


class Inputs:
    """Tensors of one shape, as one framework takes them."""

    def __init__(self, framework: Host, shape: Shape) -> None:
        self.shape = shape
        if shape.maps:
            self.leaf, self.labels, self.whole = framework.tensor(masks(shape.size)), None, None
            return
        made: Arrays = arrays(shape.size)
        self.leaf = framework.tensor(made.logits, differentiable=True)
        forms = (written(labels, shape.size[1], shape.labels) for labels in (made.labels, made.whole))
        self.labels, self.whole = map(framework.tensor, forms)


def step(framework: Host, call: Callable[..., Any], inputs: Inputs, ignores: bool) -> tuple[float, Any]:
    """Seconds of one forward and backward pass (of a map: forward), and its value."""
    if inputs.shape.maps:
        start = time.perf_counter()
        value = call(inputs.leaf)
        return time.perf_counter() - start, value
    framework.forget(inputs.leaf)
    labels = inputs.labels if ignores else inputs.whole
    start = time.perf_counter()
    value = call(inputs.leaf, labels)
    framework.differentiate(value)
    return time.perf_counter() - start, value
