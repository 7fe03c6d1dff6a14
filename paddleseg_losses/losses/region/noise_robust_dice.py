"""Dice whose errors count less the smaller they are."""

from __future__ import annotations

from ... import numeric
from ...functional.region_sums import DistanceSums, Statistics, distance
from ...inputs import Tensor
from ...options import flag, number
from ...registry import registered
from ..families import RegionLoss


@registered(
    family="region",
    title="Noise-robust Dice",
    purpose="wrong labels: between Dice and a mean absolute error, so that a few of them pull less",
    paper="Wang et al., A noise-robust framework for automatic segmentation of COVID-19 pneumonia lesions from CT "
    "images, IEEE TMI 2020",
    link="https://doi.org/10.1109/TMI.2020.3000314",
    equation="the noise-robust Dice loss of the paper; it has squares",
    range=(0, 1),
    suits=("noisy-labels",),
    soft=True,
    monotone=False,
    exponents=("gamma",),
    label_sets=True,
)
class NoiseRobustDiceLoss(RegionLoss):
    r"""Minimises a power of the errors relative to the size of the regions, robust to wrong labels; range [0, 1).

    Formula:
        L = sum_i |p_i - g_i|^gamma / (sum_i (p_i + g_i) + s): for each sample and class, then the mean
        L = sum_i |p_i - g_i|^gamma / (sum_i (p_i^2 + g_i^2) + s): with `squared_pred`, as in the paper

    When:
        For: masks drawn by non-experts, by a model or in haste, where Dice learns the mistakes too; gamma nearer to 1
        is more robust, gamma = 2 trains more steadily. Against: clean labels, where Dice is enough.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Wang et al. 2020 (10.1109/TMI.2020.3000314), the noise-robust Dice loss of COPLE-Net.

    Differences:
        The paper has squares in the denominator, the author's later code (PyMIC) sums, and so has this. With squares a
        class that is absent costs sum p^gamma / sum p^2, which falls as p grows: training then paints it everywhere.
        gamma = 1 is DiceLoss with the same `smooth`; gamma = 2 with squared_pred is DiceLoss(squared_pred=True).

    Example:
        >>> import paddle
        >>> from paddleseg_losses import NoiseRobustDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(NoiseRobustDiceLoss()(logits, labels)):.4f}")
        0.4488

    YAML:
        loss:
          types:
            - type: NoiseRobustDiceLoss
              gamma: 1.5
          coef: [1]
    """

    gamma: float = number(default=1.5, low=1.0, high=2.0, help="exponent of the errors; 1 is the most robust")
    smooth: float = number(default=1e-5, low=0.0, help="s, added to the denominator")
    squared_pred: bool = flag(default=False, help="squares in the denominator")

    @property
    def statistics(self) -> Statistics:
        """Errors to the power gamma, and squares too if squared_pred."""
        return distance(self.gamma, self.squared_pred)

    def per_class(self, sums: DistanceSums) -> Tensor:
        """The distance over the size."""
        return numeric.smooth_divide(sums.distance, sums.size, self.smooth)
