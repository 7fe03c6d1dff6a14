"""The Jaccard index, also called IoU."""

from __future__ import annotations

from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import OverlapLoss


@registered(
    family="region",
    order=11,
    title="Jaccard (soft IoU)",
    purpose="IoU is the metric: errors weigh more than under Dice",
    paper="Rahman & Wang, Optimizing intersection-over-union in deep neural networks, ISVC 2016",
    link="https://doi.org/10.1007/978-3-319-50835-1_22",
    equation="the soft IoU of the paper",
    range=(0, 1),
    suits=("miou-metric", "class-imbalance", "noisy-labels"),
    soft=True,
    label_sets=True,
)
class JaccardLoss(OverlapLoss):
    r"""Maximises the Jaccard index (IoU) of prediction and truth; range [0, 1).

    Formula:
        L = 1 - (TP + s) / (TP + FP + FN + s): for each sample and class, then the mean. With `s = 0` it is `(2 D) / (1
            + D)` of the Dice loss `D`

    When:
        For: IoU is the metric. Against: fine-tuning for mIoU over whole batches, which LovaszSoftmaxLoss does better.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Rahman & Wang 2016 (10.1007/978-3-319-50835-1_22).

    Differences:
        The paper has no s. It is TverskyLoss with alpha = beta = 1; on hard predictions with batch=True and smooth=0
        it is 1 - mIoU. Soft targets: TP = (P + G - sum |p - g|) / 2, least at p = g.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import JaccardLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(JaccardLoss()(logits, labels)):.4f}")
        0.3408

    YAML:
        loss:
          types:
            - type: JaccardLoss
              smooth: 1.0
          coef: [1]
    """

    smooth: float = number(default=1.0, low=0.0, help="s, added to numerator and denominator")

    def per_class(self, sums: RegionSums) -> Tensor:
        """1 - Jaccard index."""
        return region.tversky(sums, 1.0, 1.0, self.smooth)
