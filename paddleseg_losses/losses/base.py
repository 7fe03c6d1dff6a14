"""The root of all losses: `forward` is written once, and nobody overrides it.

A class is abstract (here and in `families`) or final (in the chapters): no final class overrides another.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

import paddle

from ..autocast import full_precision
from ..errors import InputError, OptionError
from ..functional.error_sums import SumSpec, request
from ..i18n import _
from ..ignored_labels import IgnoredLabels
from ..inputs import Inputs, Tensor
from ..label_sets import LabelSets
from ..options import (
    choice,
    class_subset,
    flag,
    label_sets_or_none,
    labels_or_none,
    loss_list,
    matrix_or_none,
    number,
    numbers,
    numbers_or_none,
    numbers_or_word,
    one_loss,
    only,
    only_mean,
    options_of,
    own_options_of,
    parse,
    resolve,
    schedule_or_none,
    signature_of,
    whole,
    whole_or_none,
    with_arguments,
)
from ..precomputed_maps import Weights
from ..preparation import InputPreparer
from ..registry import MODES, PREFIX, LossSpec, SupportedInputs
from ..schedules import Schedule
from .guards import nan_if_invalid, run_as_it_is, zero_if_all_ignored
from .refusals import instead_of_soft, no_label_sets, no_pixel_weight, require_arguments, require_options_by_name
from .scheduled import Scheduled

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
        whole_or_none,
        flag,
        only,
        only_mean,
        choice,
        numbers,
        numbers_or_none,
        numbers_or_word,
        class_subset,
        matrix_or_none,
        labels_or_none,
        label_sets_or_none,
        loss_list,
        one_loss,
        schedule_or_none,
    ),
)
class Loss(Scheduled):
    """Root of all losses: shared options, `forward`, and what rebuilds a loss from its text."""

    spec: ClassVar[LossSpec]
    takes_pixel_weight: ClassVar[bool] = False
    _options: ClassVar[frozenset[str]] = frozenset()
    _in_setup = False  # where a class may set its own options without being set up again
    edge_label: ClassVar[bool] = False  # loops of PaddleSeg's family ask losses called FocalLoss or BCELoss for it

    ignore_index: int | tuple[int, ...] | None = labels_or_none(
        default=255, help="label of pixels to ignore, a list if there are several; None if every pixel counts"
    )
    label_sets: dict[int, list[int]] | None = label_sets_or_none(
        default=None,
        help="labels that stand for several classes, of pixels that are one of them and nobody knows which",
    )
    reduction: str = choice(default="mean", of=("mean", "sum", "none"), help="how the values are reduced")
    mode: str | None = choice(default=None, of=(None, *MODES), help="kind of problem, inferred from the shapes if None")
    from_logits: bool = flag(default=True, help="whether the input is logits (else probabilities)")
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
        cls._options = frozenset(options_of(cls))
        run_as_it_is(cls)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        cls = type(self)
        require_options_by_name(cls, args)
        self._calls = 0
        self._compound = ""  # the name of the one that makes this loss from options of its own
        for name, value in resolve(cls, options).items():
            object.__setattr__(self, name, value)  # an option that is a loss is no part of the layer yet
        self._configure()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an option as the constructor does: read or refused, with all that follows from it."""
        if name not in self._options or self._in_setup:
            super().__setattr__(name, value)
            return
        if self._compound:
            raise OptionError(
                _("{loss} is a term of {compound}.", loss=type(self).__name__, compound=self._compound),
                _("options of the compound, from which copies make this term anew"),
                _("set an option of {compound}, or add the terms by a WeightedSumLoss", compound=self._compound),
            )
        value = parse(type(self), name, value)
        count, known = self._steps, self._losses()
        # Terms that are made anew count from 0, so what a refused option changes is put back as it was.
        before = {**self.__dict__, "_sub_layers": copy(self._sub_layers), "_buffers": copy(self._buffers)}
        try:
            self._counted = count
            object.__setattr__(self, name, value)
            self._configure()
        except Exception:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        for layer in self._losses():
            if not any(layer is other for other in known):
                layer._set_count(count)

    def _configure(self) -> None:
        """Make what follows from the options."""
        self._follow(None if self.schedule is None else Schedule.read(self.schedule))
        self._in_setup = True
        try:
            self.setup()
        finally:
            self._in_setup = False
        for term in self.children():
            if isinstance(term, Loss):
                term._compound = type(self).__name__
        if self.label_sets is not None and not self.supported.label_sets:
            raise no_label_sets(type(self).__name__)
        self.pools_ranks = any(getattr(layer, "sync", False) for layer in self.sublayers(include_self=True))
        self._preparer = InputPreparer(
            name=type(self).__name__,
            supported=self.supported,
            mode=self.mode,
            ignored=IgnoredLabels(self.ignore_index),
            label_sets=LabelSets.of(self.label_sets),
            from_logits=self.from_logits,
            channels_last=self.data_format == "NHWC",
        )

    @property
    def supported(self) -> SupportedInputs:
        """The problems it takes: those of its spec, unless its terms say otherwise."""
        spec = self.spec
        return SupportedInputs(spec.modes, spec.soft, spec.logits_only, spec.label_sets, instead_of_soft(spec))

    def setup(self) -> None:
        """Make what depends on the options: the terms of a compound, for example."""

    def __call__(self, *inputs: Any, **named: Any) -> Tensor:
        """Compute the loss, as `forward`."""
        if len(inputs) != 2 or named:
            require_arguments(type(self).__name__, len(inputs), named)
        return super().__call__(*inputs, **named)

    def forward(self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None = None) -> Tensor:
        """Compute the loss; see the class for the shapes.

        Args:
            logits: the model's output, `[N, C, *S]`.
            labels: what it should have been.
            pixel_weight: a weight of at least 0 for each pixel, `[N, *S]` or `[N, 1, *S]`: of 3, it counts like three
                pixels, of 0 it is ignored. Losses that sort pixels or look at neighbourhoods refuse it.
        """
        refusal = None if pixel_weight is None else self.refusal_of_pixel_weight()
        if refusal is not None:
            raise refusal
        return self._evaluate(logits, labels, pixel_weight)

    def refusal_of_pixel_weight(self) -> InputError | None:
        """The error if weights of pixels have no place in this loss, or in a term of it."""
        return None if self.takes_pixel_weight else no_pixel_weight(self.spec)

    # Nothing below depends on values, so a static graph is recorded by running it, without rewriting its source.
    @paddle.jit.not_to_static  # type: ignore[untyped-decorator]
    def _evaluate(self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None) -> Tensor:
        with full_precision():
            weight = self._known_weight(labels) if pixel_weight is None else pixel_weight
            inputs = self.prepare(logits, labels, weight, self._check())
            result = self.compute(inputs) if self.pools_ranks else zero_if_all_ignored(self.compute(inputs), inputs)
            result = nan_if_invalid(result, inputs)
            return result if self._schedule is None else result * self.factor

    def prepare(
        self, logits: Tensor, labels: Tensor, pixel_weight: Tensor | None = None, check: str = "raise"
    ) -> Inputs:
        """The clean tensors that `compute` reads, for those who look inside."""
        inputs = self._preparer.prepare(logits, labels, pixel_weight, check)
        request(inputs, self.requests(inputs))
        return inputs

    def _known_weight(self, labels: Any) -> Tensor | None:
        """That which the data pipeline has computed for these labels."""
        known = Weights.here()
        return known.find(labels) if known is not None and self.refusal_of_pixel_weight() is None else None

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

    def each_sample(self, inputs: Inputs) -> Tensor | None:
        """The values of the samples, each as if it were alone, `[N]`, where sums over pixels are enough; else None."""
        return None

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
        """Pickle and copy by the options and the steps that have been counted."""
        return _rebuild, (type(self), self.options, [layer._steps for layer in self._losses()])


def _rebuild(cls: type[Loss], options: Mapping[str, Any], steps: Iterable[int] = ()) -> Loss:
    loss = cls(**options)
    for layer, count in zip(loss._losses(), steps):
        layer._set_count(count)
    return loss
