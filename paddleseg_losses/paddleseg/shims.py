"""What keeps PaddleSeg from training on a current Paddle: one shim for each defect.

The wheel (2.8.0) was written when a reduced Tensor had the shape `[1]` and when Paddle itself made the dtypes of two
operands equal. PaddleSeg's repository has since fixed most of it. Each shim looks for its defect first and stays
away where there is none; functions are wrapped, never rewritten. Only the commands `train` and `run` apply them.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Callable

import numpy as np
import paddle

from .loading import plain

Function = Callable[..., Any]
Swap = tuple[Any, str, Any]  # owner, attribute, what to put there


@dataclass(frozen=True)
class Shim:
    """One defect: what it is, whether it is there, and what to put in place of the defective functions."""

    defect: str
    present: Callable[[], bool]
    swaps: Callable[[], list[Swap]]


@contextmanager
def fixed() -> Iterator[list[str]]:
    """Apply the shims that the installed versions need, for a while; gives the defects that they fix."""
    needed = [shim for shim in SHIMS if shim.present()]
    with ExitStack() as stack:
        for shim in needed:  # one after the other: a later one wraps what an earlier one has fixed
            stack.enter_context(swapped(*shim.swaps()))
        yield [shim.defect for shim in needed]


@contextmanager
def swapped(*swaps: Swap) -> Iterator[None]:
    """Give attributes other values for a while."""
    with ExitStack() as stack:
        for owner, name, value in swaps:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield


def module(name: str) -> Any:
    """A module of PaddleSeg; `paddleseg.core.train` as an attribute is the function that hides the module."""
    return importlib.import_module(f"paddleseg.{name}".rstrip("."))


def _fails(call: Callable[[], Any]) -> bool:
    try:
        call()
    except Exception:
        return True
    return False


# 1. train() of the wheel writes `l[0]` of every loss into its log line; losses have no axis today.


def _indexes_losses() -> bool:
    return paddle.ones([2]).sum().ndim == 0 and "l[0]" in inspect.getsource(module("core.train").train)


def _losses_with_an_axis() -> list[Swap]:
    owner = module("core.train")
    original = owner.train

    def with_axis(compute: Function) -> Function:
        @functools.wraps(compute)
        def computed(*args: Any, **kwargs: Any) -> list[Any]:
            return [loss.reshape([1]) for loss in compute(*args, **kwargs)]

        return computed

    @functools.wraps(original)
    def train(model: Any, *args: Any, **kwargs: Any) -> Any:
        own = getattr(model, "loss_computation", None)  # MaskFormer adds up its losses itself
        with swapped(*([(model, "loss_computation", with_axis(own))] if own else [])):
            return original(model, *args, **kwargs)

    return [
        (owner, "loss_computation", with_axis(owner.loss_computation)),
        (owner, "train", train),
        (module("core"), "train", train),
    ]


# 2. evaluate() of the wheel concatenates the areas of the classes, which have no axis today.


def _concatenates_areas() -> bool:
    image = paddle.zeros([1, 1, 2, 2], "int64")
    return _fails(lambda: module("utils.metrics").calculate_area(image, image, 2))


def _stacked_areas() -> list[Swap]:
    owner = module("utils.metrics")

    @functools.wraps(owner.calculate_area)
    def calculate_area(pred: Any, label: Any, num_classes: int, ignore_index: int = 255) -> tuple[Any, ...]:
        pred, label = (x.squeeze(1) if x.ndim == 4 else x for x in (pred, label))
        areas = []
        for c in range(num_classes):
            guess, truth = paddle.logical_and(pred == c, label != ignore_index), label == c
            masks = guess, truth, paddle.logical_and(guess, truth)
            areas.append([mask.astype("int64").sum() for mask in masks])
        guessed, true, common = (paddle.stack(column) for column in zip(*areas))
        return common, guessed, true

    return [(owner, "calculate_area", calculate_area)]


# 3. Losses and models of the wheel calculate with integers and floats together. Until 2.6 Paddle gave the right
#    operand the dtype of the left one, even if that was an integer and a gradient was lost; since 3.0 it refuses.


def _mixes_dtypes() -> bool:
    losses = module("models.losses")
    logits, labels = paddle.zeros([1, 2, 3, 3]), paddle.zeros([1, 3, 3], "int64")
    logits.stop_gradient = False
    if _fails(
        lambda: (losses.CrossEntropyLoss()(logits, labels), losses.RelaxBoundaryLoss()(logits, labels).backward())
    ):
        return True
    return not bool(logits.grad.any())


def _lenient_layers() -> list[Swap]:
    losses = [(cls, "forward") for cls in vars(module("models.losses")).values() if _has(cls, "forward")]
    warps = [
        (cls, "flow_warp")
        for models in (module("models.sfnet"), module("models.decoupled_segnet"))
        for cls in vars(models).values()
        if _has(cls, "flow_warp")
    ]
    return [(cls, name, _lenient(getattr(cls, name))) for cls, name in losses + warps]


def _has(cls: Any, method: str) -> bool:
    return inspect.isclass(cls) and method in vars(cls)


def _lenient(function: Function) -> Function:
    @functools.wraps(function)
    def lenient(*args: Any, **kwargs: Any) -> Any:
        operators = ("__add__", "__sub__", "__mul__", "__truediv__")
        with swapped(*((paddle.Tensor, name, _left_decides(getattr(paddle.Tensor, name))) for name in operators)):
            return function(*args, **kwargs)

    return lenient


def _left_decides(operator: Function) -> Function:
    """The left operand decides the dtype, but never turns one that carries a gradient into integers."""

    def operate(left: Any, right: Any) -> Any:
        if isinstance(right, paddle.Tensor) and left.dtype != right.dtype:
            floats = left.is_floating_point(), right.is_floating_point()
            if floats == (False, True) and not right.stop_gradient:
                left = left.astype(right.dtype)
            elif floats != (True, True):
                right = right.astype(left.dtype)
        return operator(left, right)

    return operate


# 4. DiceLoss writes 0 over the ignored pixels of the labels it is given (the newest code too). In a MixedLoss every
#    later loss then learns them as background, and the backward pass of an earlier CrossEntropyLoss stops.


def _writes_labels() -> bool:
    labels = paddle.full([1, 1, 1], 255, "int64")
    module("models.losses").DiceLoss()(paddle.zeros([1, 2, 1, 1]), labels)
    return int(labels) != 255


def _reading_dice() -> list[Swap]:
    cls = module("models.losses").DiceLoss
    original = cls.forward

    @functools.wraps(original)
    def forward(self: Any, logits: Any, labels: Any) -> Any:
        return original(self, logits, labels.clone())

    return [(cls, "forward", forward)]


# 5. --profiler_options of the wheel calls paddle.utils.profiler, which Paddle has replaced by paddle.profiler.


def _calls_old_profiler() -> bool:
    source = inspect.getsource(module("utils.train_profiler"))
    return "paddle.utils.profiler" in source and not hasattr(paddle.utils, "profiler")


def _new_profiler() -> list[Swap]:
    running: list[Any] = []  # a profiler makes a folder as soon as it is made

    def start(*_: Any) -> None:
        running.append(paddle.profiler.Profiler())
        running[-1].start()

    def stop(_sorted_key: str, path: str) -> None:
        profiler = running.pop()
        profiler.stop()
        profiler.export(path, format="json")
        profiler.summary()

    old = SimpleNamespace(start_profiler=start, stop_profiler=stop)
    return [(module("utils.train_profiler"), "paddle", SimpleNamespace(utils=SimpleNamespace(profiler=old)))]


# 6. Evaluation takes the largest channel, so a model of one channel finds class 0 everywhere, and of the areas of its
#    one class only those of the background are counted (the newest code too).


def _takes_the_only_channel() -> bool:
    model, image = (lambda _: [paddle.ones([1, 1, 2, 2])]), paddle.zeros([1, 3, 2, 2])
    return not bool(module("core.infer").inference(model, image, trans_info=[])[0].any())


def _thresholds() -> list[Swap]:
    infer, metrics = module("core.infer"), module("utils.metrics")
    area = metrics.calculate_area

    def with_threshold(original: Function) -> Function:
        @functools.wraps(original)
        def inferred(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if isinstance(result, tuple) and result[1].shape[1] == 1:
                return (result[1] > 0).astype("int32"), result[1]
            return result

        return inferred

    @functools.wraps(area)
    def calculate_area(pred: Any, label: Any, num_classes: int, *args: Any, **kwargs: Any) -> Any:
        both = num_classes == 1 and not kwargs.get("use_multilabel")
        return area(pred, label, 2 if both else num_classes, *args, **kwargs)

    names = "inference", "aug_inference"
    return [
        *((infer, name, with_threshold(getattr(infer, name))) for name in names),
        (metrics, "calculate_area", calculate_area),
    ]


# 7. Compose reads masks as Pillow gives them: the truth values of a 1-bit PNG are bytes of 255, which Paddle takes for
#    the ignored label; OpenCV cannot transform them. 16 bits become bfloat16, and then class 0 (the newest code too).


def _keeps_bits() -> bool:
    from PIL import Image

    file = io.BytesIO()
    Image.new("1", (1, 1)).save(file, "PNG")
    return bool(np.asarray(module("transforms.transforms").Image.open(file)).dtype == bool)


def _plain_masks() -> list[Swap]:
    from PIL import Image

    def opened(path: Any) -> Any:
        picture = Image.open(path)
        array = np.asarray(picture)
        changed = plain(array)
        return picture if changed is array else Image.fromarray(changed)

    return [(module("transforms.transforms"), "Image", SimpleNamespace(**{**vars(Image), "open": opened}))]


SHIMS = (
    Shim("train() takes the first element of losses that have no axis", _indexes_losses, _losses_with_an_axis),
    Shim("evaluate() concatenates areas that have no axis", _concatenates_areas, _stacked_areas),
    Shim("losses and models calculate with integers and floats together", _mixes_dtypes, _lenient_layers),
    Shim("DiceLoss writes over the labels that it is given", _writes_labels, _reading_dice),
    Shim("--profiler_options calls a profiler that Paddle no longer has", _calls_old_profiler, _new_profiler),
    Shim("a model of one channel is taken to find class 0 everywhere", _takes_the_only_channel, _thresholds),
    Shim("masks of 1 bit lose their foreground, masks of 16 bits all classes", _keeps_bits, _plain_masks),
)
