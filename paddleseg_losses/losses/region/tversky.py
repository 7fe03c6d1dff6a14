"""An overlap in which false positives and false negatives have weights of their own."""

from __future__ import annotations

from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import OverlapLoss


@registered(
    family="region",
    order=4,
    title="Tversky",
    purpose="choose between misses and false alarms: beta > alpha finds more",
    paper="Salehi et al., Tversky loss function for image segmentation, MLMI 2017",
    link="https://arxiv.org/abs/1706.05721",
    equation="Jadon 2020, eq. 9 and 10",
    range=(0, 1),
    suits=("missed-objects", "false-alarms", "small-objects", "class-imbalance"),
    soft=True,
    label_sets=True,
)
class TverskyLoss(OverlapLoss):
    r"""Maximises an overlap in which alpha weighs false positives and beta false negatives; range [0, 1).

    Formula:
        L = 1 - (TP + s) / (TP + alpha FP + beta FN + s): for each sample and class, then the mean

    When:
        For: lesions that must not be missed (beta > alpha), or false alarms that must not be raised (alpha > beta).
        Against: no such preference; then DiceLoss does the same with fewer parameters.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Salehi et al. 2017 (arXiv 1706.05721); Jadon 2020 (arXiv 2006.14822), eq. 9 and 10.

    Differences:
        The paper prints no s. Some articles, and Abraham & Khan 2019, swap the names alpha and beta: alpha = 0.7
        there is beta = 0.7 here. alpha = beta = 0.5 with s is DiceLoss with 2 s.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import TverskyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(TverskyLoss(alpha=0.3, beta=0.7)(logits, labels)):.4f}")
        0.2005

    YAML:
        loss:
          types:
            - type: TverskyLoss
              alpha: 0.3
              beta: 0.7
          coef: [1]
    """

    alpha: float = number(default=0.3, low=0.0, help="weight of false positives")
    beta: float = number(default=0.7, low=0.0, help="weight of false negatives")
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerator and denominator")

    def per_class(self, sums: RegionSums) -> Tensor:
        """1 - Tversky index."""
        return region.tversky(sums, self.alpha, self.beta, self.smooth)
