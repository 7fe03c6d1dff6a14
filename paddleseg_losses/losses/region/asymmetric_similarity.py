"""The F-beta score as a loss."""

from __future__ import annotations

from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import OverlapLoss


@registered(
    family="region",
    order=6,
    title="Asymmetric similarity (F-beta)",
    purpose="recall over precision by one parameter, beta, as in the F-beta score",
    paper="Hashemi et al., Asymmetric loss functions and deep densely-connected networks, IEEE Access 2019",
    link="https://arxiv.org/abs/1803.11078",
    equation="F-beta of the paper",
    range=(0, 1),
    suits=("missed-objects", "class-imbalance"),
    soft=True,
    label_sets=True,
)
class AsymmetricSimilarityLoss(OverlapLoss):
    r"""Maximises the F-beta score of each class; range [0, 1).

    Formula:
        L = 1 - F_beta: for each sample and class, then the mean
        F_beta = ((1 + beta^2) TP) / ((1 + beta^2) TP + beta^2 FN + FP): the F-score; its loss is TverskyLoss with `1 /
            (1 + beta^2)` for false positives, `beta^2 / (1 + beta^2)` for false negatives, and the same `smooth`

    When:
        For: recall matters beta times as much as precision, as a single parameter. Against: weighting false positives
        and false negatives separately; then TverskyLoss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Hashemi et al. 2019 (arXiv 1803.11078).

    Differences:
        None; some write-ups put beta^2 on the false positives, which is the reverse. beta = 1 with s is DiceLoss with
        2 s.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import AsymmetricSimilarityLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(AsymmetricSimilarityLoss()(logits, labels)):.4f}")
        0.2010

    YAML:
        loss:
          types:
            - type: AsymmetricSimilarityLoss
              beta: 1.5
          coef: [1]
    """

    beta: float = number(default=1.5, low=0.0, high=1e6, help="weight of recall against precision")
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerator and denominator")

    def per_class(self, sums: RegionSums) -> Tensor:
        """1 - F-beta."""
        square = self.beta**2
        return region.tversky(sums, 1 / (1 + square), square / (1 + square), self.smooth)
