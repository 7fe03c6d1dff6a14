"""The difference of two regions over their union without most of the inside."""

from __future__ import annotations

import paddle

from ...functional.contours import boundary_counts
from ...functional.error_sums import SumSpec, pixel_count
from ...functional.region_sums import SQUARED
from ...inputs import Inputs, Tensor
from ...options import number, numbers_or_none
from ...registry import registered
from ..families import ScalarLoss, each_class


@registered(
    family="boundary",
    order=6,
    title="Boundary difference over union",
    purpose="boundaries of objects of any size, without a distance map",
    paper="Sun et al., Boundary difference over union loss, MICCAI 2023",
    link="https://arxiv.org/abs/2308.00220",
    equation="the boundary DoU loss of the paper",
    range=(0, 1),
    suits=("ragged-boundaries",),
    one_vs_rest=False,
    neighbours=True,
    batchwise=True,
    slack=1e-05,
)
class BoundaryDoULoss(ScalarLoss):
    r"""Minimises the difference of prediction and truth over their union without most of the inside; range [0, 1].

    Formula:
        L = (S - 2 I + s) / (S - (1 + a) I + s): for each class over the batch, then the mean
        S = sum_i p_i^2 + sum_i g_i^2: sizes of prediction and truth
        I = sum_i p_i g_i: overlap
        a = min(1 - (2 C) / A, a_max): share of the inside that is left out
        a_max: option `max_alpha`
        A: number of pixels in the true region
        C: number of those on its boundary

    When:
        For: boundaries, at the computational cost of a Dice loss. Against: a class that is absent: it costs a constant
        1.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D.

    Reference:
        Sun et al. 2023 (arXiv 2308.00220).

    Differences:
        None from the code: for objects one pixel wide a is -1, outside the interval that the paper states, and the
        loss is a squared Dice.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BoundaryDoULoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(BoundaryDoULoss()(logits, labels)):.4f}")
        0.5510

    YAML:
        loss:
          types:
            - type: BoundaryDoULoss
          coef: [1]
    """

    smooth: float = number(default=1e-5, low=0.0, open_low=True, help="s, added to numerator and denominator")
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the sum is divided by the number of classes",
    )
    max_alpha: float = number(default=0.8, low=0.0, high=1.0, help="largest fraction of the interior to leave out")

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """Sums of squares too."""
        return SQUARED.needs

    def value(self, inputs: Inputs) -> Tensor:
        """The mean over the classes that have a valid pixel; others are 0 and still count."""
        sums = SQUARED.of(inputs).pooled()
        with paddle.no_grad():
            edge = boundary_counts(inputs).sum(axis=0)
            alpha = (1 - 2 * (edge + self.smooth) / (sums.g2 + self.smooth)).clip(max=self.max_alpha)
        error = sums.error2 + self.smooth
        values = error / (error + (1 - alpha) * sums.pg)
        if self.weight is not None:
            values = values * each_class(self.weight, inputs, "weight", type(self).__name__)[0]
        return paddle.where(pixel_count(inputs).sum(axis=0) > 0, values, paddle.zeros_like(values)).mean()
