"""How each family is assembled: `forward` is written once, and every family leaves one hook open.

A class is abstract (here) or final (in the files of the families): no final class overrides another.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import paddle
from paddle import nn

from ..door import Door
from ..errors import InputError, OptionError
from ..functional import numeric
from ..functional.statistics import RegionSums, region_sums
from ..inputs import Inputs, Tensor
from ..options import (
    choice,
    class_subset,
    flag,
    number,
    numbers_or_none,
    options_of,
    resolve,
    signature_of,
    whole,
    with_arguments,
)
from ..registry import MODES, PREFIX, LossSpec

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Tell editors and type checkers which options a constructor takes; at run time it does nothing."""
        return lambda cls: cls


CHECKED_CALLS = 3  # checks='first' looks at the values of so many calls


@dataclass_transform(kw_only_default=True, field_specifiers=(number, whole, flag, choice, numbers_or_none, class_subset))
class Loss(nn.Layer):  # type: ignore[misc]
    """Root of all losses: shared options, `forward`, and what rebuilds a loss from its text."""

    spec: ClassVar[LossSpec]

    ignore_index: int = whole(default=255, help="label of pixels to leave out", zh="要忽略的像素的标签值")
    reduction: str = choice(
        default="mean", of=("mean", "sum", "none"), help="how values become one number", zh="结果的归约方式"
    )
    mode: str | None = choice(
        default=None, of=(None, *MODES), help="kind of problem, inferred from the shapes if None", zh="任务类型；None 时由形状推断"
    )
    from_logits: bool = flag(
        default=True, help="whether the input is logits (else probabilities)", zh="输入是否为 logits（否则为概率）"
    )
    data_format: str = choice(default="NCHW", of=("NCHW", "NHWC"), help="where the channels are", zh="通道所在的维度")
    checks: str = choice(
        default="first",
        of=("first", "always", "never"),
        help="on which calls label values are looked at, which waits for the device",
        zh="在哪些调用中检查标签取值（会与设备同步）",
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__signature__ = signature_of(cls)
        cls.__doc__ = with_arguments(cls.__doc__ or "", cls)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        cls = type(self)
        if args:
            first = next(iter(options_of(cls)))
            raise OptionError(
                f"{cls.__name__} was given {args[0]!r} without a name.",
                "options by name",
                f"write for example {cls.__name__}({first}={args[0]!r})",
            )
        if not hasattr(cls, "spec"):
            raise OptionError(
                f"{cls.__name__} is not registered.", "a final class with a spec", "decorate it with @registered(...)"
            )
        for name, value in resolve(cls, options).items():
            setattr(self, name, value)
        self._calls = 0
        self._door = Door(
            name=cls.__name__,
            modes=self.spec.modes,
            takes_soft=self.spec.soft,
            mode=self.mode,
            ignore_index=self.ignore_index,
            from_logits=self.from_logits,
            channels_last=self.data_format == "NHWC",
        )
        self.setup()

    def setup(self) -> None:
        """Make what depends on the options: the terms of a compound, for example."""

    def forward(self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None = None) -> Tensor:
        """Compute the loss; see the class for the shapes. `pixel_weight` is for pixel losses only."""
        if pixel_weight is not None and not isinstance(self, PixelLoss):
            raise InputError(
                f"{type(self).__name__} was given a pixel_weight.",
                "none: its value is not a sum over pixels",
                "use a pixel loss such as CrossEntropyLoss or FocalLoss",
            )
        with paddle.amp.auto_cast(enable=False):
            inputs = self._door.prepare(logits, labels, pixel_weight, self._check())
            return _guard(self.compute(inputs), inputs)

    def _check(self) -> str:
        if not paddle.in_dynamic_mode() or self.checks == "never":
            return "trust"
        self._calls += 1
        return "raise" if self.checks == "always" or self._calls <= CHECKED_CALLS else "mark"

    @abstractmethod
    def compute(self, inputs: Inputs) -> Tensor:
        """The reduced loss of clean inputs; each family writes it once."""

    @property
    def options(self) -> dict[str, Any]:
        """Every option with its value."""
        return {name: getattr(self, name) for name in options_of(type(self))}

    def to_config(self) -> dict[str, Any]:
        """The YAML mapping that builds this loss again: its name and the options that are not defaults."""
        changed = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.options.items()
            if value != options_of(type(self))[name].parse(options_of(type(self))[name].default, "")
        }
        return {"type": PREFIX + type(self).__name__, **changed}

    def __repr__(self) -> str:
        """The call that makes this loss: its own options, and shared ones that are not defaults."""
        own = {name for base in type(self).__mro__ if base.__module__ != __name__ for name in vars(base)}
        shown = {k: v for k, v in self.options.items() if k in own or k in self.to_config()}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in shown.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy by the options."""
        return _rebuild, (type(self), self.options)


def _rebuild(cls: type[Loss], options: Mapping[str, Any]) -> Loss:
    return cls(**options)


def _guard(result: Tensor, inputs: Inputs) -> Tensor:
    """0, still attached to the graph, if everything is ignored; NaN with a gradient of 0 if a label was wrong.

    The NaN is seen in the log without waiting for the device, and the weights are not harmed.
    """
    result = paddle.where(inputs.valid.any(), result, paddle.zeros_like(result))
    if inputs.flawed is None:
        return result
    return paddle.where(inputs.flawed, paddle.full_like(result, math.nan), result)


def fit(numbers: tuple[float, ...], expected: int, option: str, name: str) -> tuple[float, ...]:
    """Refuse a list that has not one number for each class."""
    if len(numbers) != expected:
        raise OptionError(
            f"{name}: {option} has {len(numbers)} number(s), {list(numbers)}; logits have {expected} channel(s).",
            f"{expected} numbers, one for each class, the background included",
            f"give {option} one number for each of the {expected} classes, or check num_classes of the model",
        )
    return numbers


class PixelLoss(Loss):
    """A value for each pixel, and what to divide their sum by."""

    weight: tuple[float, ...] | None = numbers_or_none(
        help="weight of each class, a list of C", zh="各类别的权重，长度为 C 的列表"
    )

    @abstractmethod
    def pixels(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Values `[N, 1 or C, *S]`, 0 where ignored, and the normaliser, whose sum divides theirs."""

    def compute(self, inputs: Inputs) -> Tensor:
        """Reduce the pixels."""
        values, normaliser = self.pixels(inputs)
        if inputs.pixel_weight is not None:
            values = values * inputs.pixel_weight
        if self.reduction == "none":
            return values if inputs.mode == "multilabel" else values.squeeze(1)
        total = numeric.grand_total(values)
        return total if self.reduction == "sum" else numeric.safe_divide(total, numeric.grand_total(normaliser))

    def class_weight(self, inputs: Inputs) -> tuple[float, ...] | None:
        """`weight`, with its length checked."""
        return None if self.weight is None else fit(self.weight, inputs.channels, "weight", type(self).__name__)


class CellLoss(Loss):
    """A value for each (sample, class) cell; the background may be left out."""

    include_background: bool = flag(
        default=True, help="whether class 0 of a multiclass problem counts", zh="多分类时是否计入第 0 类（背景）"
    )

    def kept(self, inputs: Inputs) -> list[int]:
        """Channels that count."""
        skip = 1 if inputs.multiclass and not self.include_background else 0
        return list(range(skip, inputs.channels))

    def reduce(self, cells: Tensor, count: Tensor) -> Tensor:
        """Average the cells; one without a valid pixel is 0 and still counts."""
        cells = paddle.where(count > 0, cells, paddle.zeros_like(cells))
        if self.reduction == "none":
            return cells
        return cells.sum() if self.reduction == "sum" else cells.mean()


class RegionLoss(CellLoss):
    """Algebra on the sums of each (sample, class): one pass over the data."""

    weight: tuple[float, ...] | None = numbers_or_none(
        help="weight of each class, a list of C; the sum is divided by the number of classes", zh="各类别的权重，长度为 C 的列表；加权和除以类别数"
    )
    classes: str | tuple[int, ...] = class_subset(
        default="all", help="classes that count: all, those present in the labels, or a list", zh="参与计算的类别：all、present（标签中出现的）或列表"
    )
    batch: bool = flag(default=False, help="pool the batch before the formula", zh="是否先在整个批次上求和")
    sync: bool = flag(
        default=False, help="pool the ranks too (needs batch=True)", zh="是否在所有进程间求和（需要 batch=True）"
    )

    @abstractmethod
    def cells(self, sums: RegionSums) -> Tensor:
        """The loss of each cell."""

    def sums(self, inputs: Inputs) -> RegionSums:
        """The sums that the formula reads."""
        return inputs.once(region_sums)

    def setup(self) -> None:
        """Refuse options that contradict each other."""
        if self.sync and not self.batch:
            raise OptionError(
                f"{type(self).__name__}: sync=True with batch=False.",
                "batch=True with sync=True: only sums over the batch are shared by the ranks",
                "set batch=True",
            )

    def kept(self, inputs: Inputs) -> list[int]:
        """Channels that count, by include_background and classes."""
        kept = super().kept(inputs)
        if isinstance(self.classes, str):
            return kept
        unknown = [c for c in self.classes if c >= inputs.channels]
        chosen = [c for c in self.classes if c in kept]
        if unknown or not chosen:
            raise OptionError(
                f"{type(self).__name__}: classes={list(self.classes)} with {inputs.channels} channel(s).",
                f"classes out of {kept}",
                "remove the classes that the model does not have, or set include_background=True",
            )
        return chosen

    def compute(self, inputs: Inputs) -> Tensor:
        """Sums, formula, classes, mean."""
        sums = self.sums(inputs)
        if self.batch:
            sums = sums.pooled()
        if self.sync:
            sums = sums.synchronised()
        kept = self.kept(inputs)
        if len(kept) < inputs.channels:
            index = paddle.to_tensor(kept)
            sums = sums.map(lambda x: x.index_select(index, axis=-1))
        cells = self.cells(sums)
        if self.weight is not None:
            weight = fit(self.weight, inputs.channels, "weight", type(self).__name__)
            cells = cells * paddle.to_tensor([weight[c] for c in kept], dtype=cells.dtype)
        if self.classes != "present":
            return self.reduce(cells, sums.count)
        present = (sums.g > 0).astype(cells.dtype)
        if self.reduction == "mean":
            return numeric.safe_divide((cells * present).sum(), present.sum())
        return self.reduce(cells * present, sums.count)


class MapLoss(CellLoss):
    """The mean over pixels of a detached map times a function of p, for each cell."""

    include_background: bool = flag(
        default=False, help="whether class 0 of a multiclass problem counts", zh="多分类时是否计入第 0 类（背景）"
    )
    spacing: tuple[float, ...] | None = numbers_or_none(
        open_low=True, help="size of a pixel along each axis, one number or one for each axis", zh="像素在各轴上的物理尺寸：一个数或每轴一个数"
    )

    @abstractmethod
    def pixels(self, p: Tensor, g: Tensor, spacing: tuple[float, ...] | None) -> Tensor:
        """Values of every pixel from p and g `[N, C, *S]`, both 0 where ignored."""

    def compute(self, inputs: Inputs) -> Tensor:
        """Select the channels, then average the pixels of each cell."""
        p, g = inputs.prob * inputs.mask, inputs.target
        count = inputs.count.expand([-1, inputs.channels])
        skip = self.kept(inputs)[0]
        p, g, count = p[:, skip:], g[:, skip:], count[:, skip:]
        cells = numeric.safe_divide(numeric.spatial_sum(self.pixels(p, g, self._spacing(p.ndim - 2))), count)
        return self.reduce(cells, count)

    def _spacing(self, axes: int) -> tuple[float, ...] | None:
        if self.spacing is None or len(self.spacing) == axes:
            return self.spacing
        if len(self.spacing) == 1:
            return self.spacing * axes
        raise OptionError(
            f"{type(self).__name__}: spacing={list(self.spacing)} for an image of {axes} spatial axes.",
            f"one number, or {axes} in the order of the axes",
            "leave the batch and channel axes out",
        )


class NumberLoss(Loss):
    """One number by nature: it is no mean over pixels or cells, so there is nothing else to reduce to."""

    reduction: str = choice(
        default="mean", of=("mean",), help="only 'mean': the loss is one number by nature", zh="仅支持 'mean'：该损失本身就是一个数"
    )

    @abstractmethod
    def number(self, inputs: Inputs) -> Tensor:
        """The loss, 0-D."""

    def compute(self, inputs: Inputs) -> Tensor:
        """The number itself."""
        return self.number(inputs)


class CompoundLoss(NumberLoss):
    """Named, weighted terms that share one `Inputs`. `parts` keeps each term's last value."""

    @abstractmethod
    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each term."""

    def number(self, inputs: Inputs) -> Tensor:
        """The weighted sum."""
        terms = self.terms(inputs)
        if paddle.in_dynamic_mode():
            self._parts = {name: value.detach() for name, (_, value) in terms.items()}
        return sum(weight * value for weight, value in terms.values())

    @property
    def parts(self) -> dict[str, float]:
        """Last value of each term, before its weight; reading it waits for the device."""
        return {name: float(value) for name, value in getattr(self, "_parts", {}).items()}
