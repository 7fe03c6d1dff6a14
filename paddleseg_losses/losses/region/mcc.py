"""Matthews' correlation coefficient."""

from __future__ import annotations

from ...functional import region
from ...functional.region_sums import CONFUSION, ConfusionSums, Statistics
from ...inputs import Tensor
from ...options import flag, number
from ...registry import registered
from ..families import RegionLoss


@registered(
    family="region",
    order=13,
    title="Matthews correlation (MCC)",
    purpose="all four counts matter, true negatives too",
    paper="Abhishek & Hamarneh, Matthews correlation coefficient loss, ISBI 2021",
    link="https://arxiv.org/abs/2010.13454",
    equation="eq. 3 to 5",
    range=(0, 2),
    suits=("class-imbalance",),
    batchwise=True,
    slack=1e-7,
    soft=True,
    label_sets=True,
)
class MCCLoss(RegionLoss):
    r"""Maximises Matthews' correlation coefficient of prediction and truth; range [0, 2].

    Formula:
        L = 1 - (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN) + epsilon): for each class over the
            batch, then the mean
        epsilon: option `eps`

    When:
        For: imbalance in either direction, as the score is symmetric in the classes. Against: a class that is absent,
        or fills everything: it costs a constant 1 and has no gradient.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Abhishek & Hamarneh 2021 (arXiv 2010.13454), eq. 3 to 5.

    Differences:
        The authors' code returns 0 for an empty mask that is predicted perfectly; here it costs 1, like every empty
        mask. Counts are divided by the number of pixels first (and eps accordingly), as the product of four counts
        overflows float32. Several classes: the mean over one class against the rest each.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import MCCLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(MCCLoss()(logits, labels)):.4f}")
        0.7603

    YAML:
        loss:
          types:
            - type: MCCLoss
              batch: true
          coef: [1]
    """

    eps: float = number(default=1e-7, low=0.0, open_low=True, help="added under the root")
    batch: bool = flag(default=True, help="pool the batch before the formula")

    @property
    def statistics(self) -> Statistics:
        """TN too."""
        return CONFUSION

    def per_class(self, sums: ConfusionSums) -> Tensor:
        """1 - MCC."""
        return region.matthews(sums, self.eps)
