"""Dice over all classes at once, each weighted by the inverse of its size."""

from __future__ import annotations

from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import choice, number
from ...registry import registered
from ..families import ClassSumLoss


@registered(
    family="region",
    order=2,
    title="Generalized Dice",
    purpose="many classes of very different sizes",
    paper="Sudre et al., Generalised Dice overlap, DLMIA 2017",
    link="https://arxiv.org/abs/1707.03237",
    equation="the generalised Dice loss of the paper",
    range=(0, 1),
    suits=("first-attempt", "small-objects", "class-imbalance", "absent-classes"),
    soft=True,
    label_sets=True,
)
class GeneralizedDiceLoss(ClassSumLoss):
    r"""Maximises one Dice coefficient over all classes, small ones weighted up; range [0, 1).

    Formula:
        L = 1 - (2 sum_c w_c TP_c + s) / (sum_c w_c (P_c + G_c) + s): for each sample, then the mean
        w_c = 1 / G_c^2: with `w_type='square'`
        w_c = 1 / G_c: with `w_type='simple'`
        w_c = 1: with `w_type='uniform'`. A class that is absent gets the largest weight; then all are divided by the
            largest

    When:
        For: several classes of very different sizes. Against: classes that are often absent, whose false positives get
        the weight of the rarest class; and a single class, for which it is DiceLoss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D.

    Reference:
        Sudre et al. 2017 (arXiv 1707.03237).

    Differences:
        The ratio does not depend on the scale of w, but s does: without the division by the maximum (MONAI) the loss of
        the same image falls as it grows. An absent class has an infinite weight in the paper. w_type='uniform' with
        smooth=0 is kornia's default Dice loss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import GeneralizedDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(GeneralizedDiceLoss()(logits, labels)):.4f}")
        0.5005

    YAML:
        loss:
          types:
            - type: GeneralizedDiceLoss
              w_type: square
          coef: [1]
    """

    w_type: str = choice(default="square", of=("square", "simple", "uniform"), help="weight of a class by its size")
    smooth: float = number(default=1e-5, low=0.0, help="s, added to numerator and denominator")

    def score(self, sums: RegionSums, weight: Tensor | None) -> Tensor:
        """1 - generalized Dice of each sample."""
        return region.generalized_dice(sums, self.w_type, self.smooth, weight)
