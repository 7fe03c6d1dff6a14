"""The Dice coefficient."""

from __future__ import annotations

from typing import Any

from ...errors import OptionError
from ...functional import region
from ...functional.region_sums import REGION, SQUARED, Statistics
from ...i18n import _
from ...inputs import Tensor
from ...options import flag, number
from ...registry import registered
from ..families import OverlapLoss


@registered(
    family="region",
    order=1,
    title="Dice",
    purpose="small objects and imbalance: the size of the background does not matter",
    paper="Milletari et al., V-Net, 3DV 2016",
    link="https://arxiv.org/abs/1606.04797",
    equation="Jadon 2020, eq. 8; the paper has squares",
    range=(0, 1),
    suits=("small-objects", "thin-structures", "class-imbalance", "noisy-labels", "absent-classes"),
    soft=True,
    label_sets=True,
)
class DiceLoss(OverlapLoss):
    r"""Maximises the Dice coefficient of prediction and truth; range [0, 1).

    Formula:
        L = 1 - (2 TP + s) / (P + G + s): for each sample and class, then the mean
        P = sum_i p_i: sum of the probabilities; with `squared_pred` it is `sum_i p_i^2`, as in the paper

    When:
        For: small or rare objects, and when Dice or IoU is the metric. Against: calibrated probabilities, and
        batches in which most classes are absent (then batch=True or classes='present').

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Milletari et al. 2016 (arXiv 1606.04797); Jadon 2020 (arXiv 2006.14822), eq. 8.

    Differences:
        average='micro' adds the sums of the classes before the ratio. Under a softmax, the background kept, it is the
        sum of 1 - p_t over all pixels divided by V + s / 2: classes do not matter then.
        From the paper: sums in the denominator unless squared_pred, and s = 1. An absent class costs
        1 - s / (P + s). Soft targets: TP = (P + G - sum |p - g|) / 2, least at p = g for every g.
        From Paddle: `F.dice_loss` sums over the classes before it divides, so on a softmax it is 1 - mean p_t, an
        absolute error and not Dice. The two are equal (smooth=0) only for a single channel that is all foreground.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DiceLoss()(logits, labels)):.4f}")
        0.3111

    YAML:
        loss:
          types:
            - type: paddleseg_losses.DiceLoss
              smooth: 1.0
          coef: [1]
    """

    smooth: float = number(default=1.0, low=0.0, help="s, added to numerator and denominator")
    squared_pred: bool = flag(default=False, help="squares in the denominator")

    def setup(self) -> None:
        """Refuse what has no meaning together."""
        super().setup()
        if self.squared_pred and self.average == "micro":
            raise OptionError(
                _("DiceLoss: squared_pred=True with average='micro'."),
                _("average='micro' with sums, not with squares"),
                _("set squared_pred=False, or average='macro'"),
            )

    @property
    def statistics(self) -> Statistics:
        """Sums, of squares too if squared_pred."""
        return SQUARED if self.squared_pred else REGION

    def per_class(self, sums: Any) -> Tensor:
        """1 - Dice."""
        if self.squared_pred:
            return region.dice_squared(sums, self.smooth)
        return region.dice(sums, self.smooth)
