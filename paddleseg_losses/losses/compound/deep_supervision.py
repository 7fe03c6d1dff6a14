"""A loss on every output of a model, each with labels of its size."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
import paddle

from ...errors import InputError, OptionError
from ...functional.error_sums import request
from ...i18n import _, counts
from ...inputs import Inputs, Outputs, Tensor
from ...options import numbers_or_none, one_loss
from ...registry import registered
from ...resized import labels_at
from ..families import WrapperLoss
from ..guards import zero_if_all_ignored


@registered(
    family="compound",
    title="Deep supervision",
    purpose="one loss for all outputs of a model, each with labels of its size",
    paper="Lee et al., Deeply-supervised nets, AISTATS 2015",
    link="https://arxiv.org/abs/1409.5185",
    equation="the sum over the companion objectives",
    range=(-float("inf"), float("inf")),
    soft=True,
    soft_minimum=False,
    one_vs_rest=False,
    label_sets=True,
    example={"loss": {"type": "paddleseg_losses.DiceCELoss"}},
)
class DeepSupervisionLoss(WrapperLoss):
    r"""Minimises a loss on every output of a model, with labels shrunk to each; range (-inf, inf).

    Formula:
        L = sum_k w_k inner(z_k, y_k)
        inner(z_k, y_k): the loss inside, option `loss`
        w_k: weight of an output, option `weights`; 2^{-k} divided by their sum if there are none
        z_k: logits of output `k`; the first, `k = 0`, is the finest
        y_k: labels at the size of output `k`: each pixel takes that of the nearest pixel
        k: number of an output

    When:
        For: models that give outputs of several sizes while they train, as nnU-Net and UNet 3+ do: the deep layers
        learn sooner. Against: objects so thin that they are gone from small labels.

    Shape:
        logits: a list of `[N, C, *S]`, the finest first, with 1 to 3 spatial axes; or one of them.
        labels: of any size, integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] where the
            inner loss takes them; or a list with labels for each output.
        output: 0-D. `parts` holds the last value of each output, as `output_0`, and of the terms of a compound, as
            `output_0.dice`.

    Reference:
        Lee et al. 2015 (arXiv 1409.5185), with the weights of Isensee et al. 2021 (10.1038/s41592-020-01008-z).

    Differences:
        nnU-Net gives the last output no weight: weights=[0.533, 0.267, 0.133, 0.067, 0] for five. MONAI's weights are
        not divided by their sum. PaddleSeg calls a loss once for each output: each is then a list of one, and its
        weight is in `coef` of the YAML file.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DeepSupervisionLoss
        >>> fine = paddle.to_tensor([[[[2.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 3.0]]]])
        >>> coarse = paddle.to_tensor([[[[0.0]], [[1.0]]]])
        >>> labels = paddle.to_tensor([[[0, 1], [0, 1]]])
        >>> loss = DeepSupervisionLoss(loss="CrossEntropyLoss")
        >>> print(f"{float(loss([fine, coarse], labels)):.4f}", sorted(loss.parts))
        0.2381 ['output_0', 'output_1']

    YAML:
        loss:
          types:
            - type: DeepSupervisionLoss
              loss:
                type: paddleseg_losses.DiceCELoss
          coef: [1]
    """

    loss: Any = one_loss(
        help="the loss of each output, with options of its own; those that all losses share stand beside it",
    )
    weights: tuple[float, ...] | None = numbers_or_none(  # type: ignore[assignment]  # those of the last call: `last`
        default=None,
        help="weight of each output, the finest first; None halves it from each to the next, and the sum is 1",
    )

    def setup(self) -> None:
        """Build the inner loss; refuse weights of which nothing is left."""
        super().setup()
        if self.weights is not None and not any(self.weights):
            raise OptionError(
                _("DeepSupervisionLoss: weights={weights}.", weights=list(self.weights)),
                _("a weight above 0 for at least one output"),
                _("leave weights out, or give the first output a weight of 1"),
            )

    def refusal_of_pixel_weight(self) -> InputError | None:
        """That of the inner loss."""
        return self.inner.refusal_of_pixel_weight()

    def prepare(self, logits: Any, labels: Any, pixel_weight: Any = None, check: str = "raise") -> Inputs:
        """The clean tensors of each output."""
        outputs = _outputs(logits)
        truths = self._for_each(outputs, labels, "labels")
        factors = self._for_each(outputs, pixel_weight, "pixel_weight")
        levels = tuple(
            self._level(output, truth, factor, check) if weight else None
            for output, truth, factor, weight in zip(outputs, truths, factors, self._weights(len(outputs)))
        )
        counted = [level for level in levels if level is not None]
        return Outputs(counted[0].problem, invalid=_any(level.invalid for level in counted), levels=levels)

    def _level(self, output: Any, labels: Any, pixel_weight: Any, check: str) -> Inputs:
        inputs = self._preparer.prepare(output, labels, pixel_weight, check)
        request(inputs, self.inner.requests(inputs))
        return inputs

    def _for_each(self, outputs: list[Any], given: Any, what: str) -> list[Any]:
        """Labels or weights at the size of each output; a list of them has one for each already."""
        last = self.data_format == "NHWC"
        if not isinstance(given, (list, tuple)):
            given = [given] * len(outputs)
        elif len(given) != len(outputs):
            raise InputError(
                _(
                    "DeepSupervisionLoss was given {outputs}, and {what} of length {count}.",
                    outputs=counts.outputs(len(outputs)),
                    count=len(given),
                    what=what,
                ),
                _("{what} for each output, or one Tensor for all", what=what),
                _("pass those of the full size alone: they are shrunk to each output"),
            )
        return [labels_at(output, each, last) for output, each in zip(outputs, given)]

    def _weights(self, outputs: int) -> tuple[float, ...]:
        if self.weights is None:
            halves = [0.5**k for k in range(outputs)]
            return tuple(half / sum(halves) for half in halves)
        if len(self.weights) != outputs:
            raise OptionError(
                _(
                    "DeepSupervisionLoss: weights has {numbers}, {weights}, and the model {outputs}.",
                    numbers=counts.numbers(len(self.weights)),
                    weights=list(self.weights),
                    outputs=counts.outputs(outputs),
                ),
                _("one number for each output"),
                _("leave weights out; under PaddleSeg, which calls a loss once for each output, write them as coef"),
            )
        return self.weights

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """The inner loss of each output."""
        levels = inputs.levels if isinstance(inputs, Outputs) else (inputs,)
        self._of_terms: dict[str, tuple[float, Tensor]] = {}
        terms = {}
        for number, (level, weight) in enumerate(zip(levels, self._weights(len(levels)))):
            if level is not None:
                name = f"output_{number}"
                terms[name] = (weight * self.inner.factor, self._value(level))
                parts = getattr(self.inner, "last", {})
                self._of_terms.update({f"{name}.{part}": pair for part, pair in parts.items()})
        return terms

    def _value(self, level: Inputs) -> Tensor:
        value = self.inner.compute(level)
        return value if self.pools_ranks else zero_if_all_ignored(value, level)

    @property
    def last(self) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each output in the last call, and of the terms of a compound on it."""
        return {**super().last, **getattr(self, "_of_terms", {})}


def _outputs(logits: Any) -> list[Any]:
    """The outputs as a list; a cure that names this loss would be none, so what is no output is refused here."""
    several = isinstance(logits, (list, tuple))
    named = {f"logits[{k}]": each for k, each in enumerate(logits)} if several else {"logits": logits}
    for what, each in named.items() if named else [("logits", logits)]:
        if not (paddle.is_tensor(each) or isinstance(each, np.ndarray)):
            kind = type(each).__name__
            raise InputError(
                _(
                    "{name}: {what} is a {type} of {count}.",
                    name="DeepSupervisionLoss",
                    what=what,
                    type=kind,
                    count=len(each),
                )
                if isinstance(each, (list, tuple))
                else _("{name}: {what} is a {type}.", name="DeepSupervisionLoss", what=what, type=kind),
                _("a Tensor, or a list of Tensors with the finest first"),
                _("pass the Tensors alone, for example {code}", code="[outputs[0], outputs[1]]"),
            )
    return list(named.values())


def _any(known: Iterable[Tensor | bool | None]) -> Tensor | bool | None:
    """Whether one of them is true; None where nobody looked."""
    masks = [each for each in known if each is not None and each is not False]
    if any(each is True for each in masks):
        return True
    return reduce(paddle.logical_or, masks) if masks else None
