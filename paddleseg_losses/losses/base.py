"""The root of all losses: `forward` is written once, and nobody overrides it.

A class is abstract (here and in `families`) or final (in the chapters): no final class overrides another.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import paddle
from paddle import nn

from ..errors import InputError, OptionError
from ..functional.error_sums import SumSpec, request
from ..i18n import _
from ..inputs import Inputs, Tensor
from ..options import (
    choice,
    class_subset,
    flag,
    loss_list,
    matrix_or_none,
    number,
    numbers,
    numbers_or_none,
    only,
    only_mean,
    option_for,
    options_of,
    own_options_of,
    resolve,
    schedule_or_none,
    signature_of,
    whole,
    with_arguments,
)
from ..preparation import InputPreparer
from ..registry import MODES, PREFIX, LossSpec, SupportedInputs
from ..schedules import Schedule

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Tell editors and type checkers which options a constructor takes; at run time it does nothing."""
        return lambda cls: cls


CHECKED_CALLS = 3  # checks='first' looks at the values of so many calls


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        number,
        whole,
        flag,
        only,
        only_mean,
        choice,
        numbers,
        numbers_or_none,
        class_subset,
        matrix_or_none,
        loss_list,
        schedule_or_none,
    ),
)
class Loss(nn.Layer):  # type: ignore[misc]
    """Root of all losses: shared options, `forward`, and what rebuilds a loss from its text."""

    spec: ClassVar[LossSpec]
    takes_pixel_weight: ClassVar[bool] = False
    edge_label: ClassVar[bool] = False  # loops of PaddleSeg's family ask losses called FocalLoss or BCELoss for it

    ignore_index: int = whole(default=255, help="label of pixels to ignore")
    reduction: str = choice(default="mean", of=("mean", "sum", "none"), help="how the values are reduced")
    mode: str | None = choice(
        default=None,
        of=(None, *MODES),
        help="kind of problem, inferred from the shapes if None",
    )
    from_logits: bool = flag(
        default=True,
        help="whether the input is logits (else probabilities)",
    )
    data_format: str = choice(default="NCHW", of=("NCHW", "NHWC"), help="where the channels are")
    checks: str = choice(
        default="first",
        of=("first", "always", "never"),
        help="on which calls label values are checked, which waits for the device",
    )
    schedule: dict[str, Any] | None = schedule_or_none(
        default=None,
        help="how its weight changes over the optimizer steps, see `step`",
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__signature__ = signature_of(cls)
        cls.__doc__ = with_arguments(cls.__doc__ or "", cls)
        _run_as_it_is(cls)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        cls = type(self)
        if args:
            raise OptionError(
                _("{loss} was given {value!r} without a name.", loss=cls.__name__, value=args[0]),
                _("options by name"),
                _("write for example {code}", code=f"{cls.__name__}({option_for(cls, args[0])}={args[0]!r})"),
            )
        if not hasattr(cls, "spec"):
            raise OptionError(
                _("{loss} is not registered.", loss=cls.__name__),
                _("a final class with a spec"),
                _("decorate it with @registered(...)"),
            )
        for name, value in resolve(cls, options).items():
            setattr(self, name, value)
        self._calls = self._steps = 0
        self._schedule = None if self.schedule is None else Schedule.read(self.schedule)
        self.setup()
        self._preparer = InputPreparer(
            name=cls.__name__,
            supported=self.supported,
            mode=self.mode,
            ignore_index=self.ignore_index,
            from_logits=self.from_logits,
            channels_last=self.data_format == "NHWC",
        )

    @property
    def supported(self) -> SupportedInputs:
        """The problems it takes: those of its spec, unless its terms say otherwise."""
        return SupportedInputs(self.spec.modes, self.spec.soft, self.spec.logits_only)

    def setup(self) -> None:
        """Make what depends on the options: the terms of a compound, for example."""

    def forward(self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None = None) -> Tensor:
        """Compute the loss; see the class for the shapes.

        Args:
            logits: the model's output, `[N, C, *S]`.
            labels: what it should have been.
            pixel_weight: a factor of at least 0 for the loss of each pixel, `[N, *S]` or `[N, 1, *S]`; pixel losses
                only. The divisor of the mean does not change.
        """
        if pixel_weight is not None and not self.takes_pixel_weight:
            raise InputError(
                _("{loss} was given a pixel_weight.", loss=type(self).__name__),
                _("no pixel_weight: the value of this loss is not a sum over pixels"),
                _("use a pixel loss such as CrossEntropyLoss or FocalLoss"),
            )
        return self._evaluate(logits, labels, pixel_weight)

    # Nothing below depends on values, so a static graph is recorded by running it, without rewriting its source.
    @paddle.jit.not_to_static  # type: ignore[untyped-decorator]
    def _evaluate(self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None) -> Tensor:
        with _full_precision():
            inputs = self.prepare(logits, labels, pixel_weight, self._check())
            result = _guard(self.compute(inputs), inputs)
            return result if self._schedule is None else result * self.factor

    def prepare(
        self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None = None, check: str = "raise"
    ) -> Inputs:
        """The clean tensors that `compute` reads, for those who look inside."""
        inputs = self._preparer.prepare(logits, labels, pixel_weight, check)
        request(inputs, self.requests(inputs))
        return inputs

    @property
    def factor(self) -> float:
        """What its schedule multiplies it by at this step; 1 without a schedule."""
        return 1.0 if self._schedule is None else self._schedule.at(self._steps)

    def step(self, to: int | None = None) -> None:
        """Count one optimiser step, for this loss and its terms; `to` sets the count, after a checkpoint for example.

        Call it once after each `optimizer.step()`. PaddleSeg's trainer needs no such call under our commands.
        """
        for layer in self.sublayers(include_self=True):
            if isinstance(layer, Loss):
                layer._steps = layer._steps + 1 if to is None else int(to)

    def _check(self) -> str:
        if self.checks == "never":
            return "trust"
        if not paddle.in_dynamic_mode():
            return "mark"
        if self.checks == "always":
            return "raise"
        if self._calls < CHECKED_CALLS:  # counted no further: a Layer's attributes are slow to set
            self._calls += 1
            return "raise"
        return "mark"

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """Sums over pixels that `compute` will ask for: those of a compound are made in one pass."""
        return ()

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
            if not options_of(type(self))[name].is_default(value)
        }
        return {"type": PREFIX + type(self).__name__, **changed}

    def __repr__(self) -> str:
        """The call that makes this loss: its own options, and shared ones that are not defaults."""
        own = own_options_of(type(self))
        shown = {k: v for k, v in self.options.items() if k in own or k in self.to_config()}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in shown.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy by the options."""
        return _rebuild, (type(self), self.options)


def _full_precision() -> Any:
    """Leave autocast; a static graph of Paddle 2.6 cannot, and does not need to: inputs are cast already."""
    active = getattr(paddle.amp, "is_autocast_enabled", paddle.in_dynamic_mode)  # Paddle 3.0 does not tell
    return paddle.amp.auto_cast(enable=False) if paddle.in_dynamic_mode() and active() else nullcontext()


def _run_as_it_is(code: Any) -> None:
    """Keep `to_static` by default, which reads bytecode, away from a class of losses or a function: it runs as it is.

    Paddle before 3.2 has no such mark.
    """
    mark = getattr(getattr(paddle.jit, "marker", None), "force_dynamic", None)
    if mark is not None:
        mark(code)


def _rebuild(cls: type[Loss], options: Mapping[str, Any]) -> Loss:
    return cls(**options)


def _guard(result: Tensor, inputs: Inputs) -> Tensor:
    """0, still attached to the graph, if everything is ignored; NaN with a gradient of 0 if a label was wrong.

    The NaN is seen in the log without waiting for the device, and the weights are not harmed.
    """
    if inputs.any_valid is not True:
        result = paddle.where(_condition(inputs.any_valid), result, paddle.zeros_like(result))
    if inputs.invalid is None or inputs.invalid is False:
        return result
    return paddle.where(_condition(inputs.invalid), paddle.full_like(result, math.nan), result)


def _condition(known: Tensor | bool) -> Tensor:
    return paddle.full([], known, "bool") if isinstance(known, bool) else known
