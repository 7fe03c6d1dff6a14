"""A power of the Tversky loss of each class."""

from __future__ import annotations

from ... import numeric
from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import RegionLoss


@registered(
    family="region",
    order=5,
    title="Focal Tversky",
    purpose="small lesions: an exponent decides how much classes that are nearly right still matter",
    paper="Abraham & Khan, A novel focal Tversky loss function, ISBI 2019",
    link="https://arxiv.org/abs/1810.07842",
    equation="Jadon 2020, eq. 11",
    range=(0, 1),
    suits=("small-objects", "missed-objects", "stalled-training"),
    exponents=("gamma",),
    soft=True,
    label_sets=True,
)
class FocalTverskyLoss(RegionLoss):
    r"""Maximises the Tversky index of each class through a power of its error; range [0, 1).

    Formula:
        L = (1 - TI)^gamma: for each sample and class, then the mean
        TI = (TP + s) / (TP + alpha FP + beta FN + s): Tversky index
        gamma: the exponent itself: below 1 it steepens the slope of classes that are nearly right, above 1 that of
            classes that are still wrong

    When:
        For: small structures whose Tversky loss has stopped falling. Against: gamma far below 1, whose slope near a
        perfect prediction is steep (it is bounded here: a straight line below an error of 1e-7).

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Abraham & Khan 2019 (arXiv 1810.07842); Jadon 2020 (arXiv 2006.14822), eq. 11.

    Differences:
        The paper sums over classes, we average, so that the range stays [0, 1). Its authors' code pools the batch, as
        batch=True does here. It writes the exponent 1/gamma with gamma = 4/3: 0.75 here. The survey prints the exponent
        gamma between 1 and 3, but its code uses 0.75. In the paper alpha = 0.7 weighs false negatives: beta = 0.7 here.
        The power acts on each class, before the mean (segmentation_models.pytorch averages first).

    Example:
        >>> import paddle
        >>> from paddleseg_losses import FocalTverskyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(FocalTverskyLoss()(logits, labels)):.4f}")
        0.2938

    YAML:
        loss:
          types:
            - type: FocalTverskyLoss
              gamma: 0.75
          coef: [1]
    """

    alpha: float = number(default=0.3, low=0.0, help="weight of false positives")
    beta: float = number(default=0.7, low=0.0, help="weight of false negatives")
    gamma: float = number(default=0.75, low=0.0, help="exponent of the error")
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerator and denominator")

    def per_class(self, sums: RegionSums) -> Tensor:
        """A power of 1 - Tversky index."""
        return numeric.power(region.tversky(sums, self.alpha, self.beta, self.smooth), self.gamma)
