"""Dice whose errors are raised to a power."""

from __future__ import annotations

from ... import numeric
from ...functional.region_sums import PoweredSums, Statistics, powered
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import RegionLoss


@registered(
    family="region",
    order=12,
    title="Dice++",
    purpose="Dice with better calibrated probabilities",
    paper="Yeung et al., Calibrating the Dice loss to handle neural network overconfidence, 2021",
    link="https://arxiv.org/abs/2111.00528",
    equation="the Dice++ of the paper",
    range=(0, 1),
    suits=("calibration",),
    exponents=("gamma",),
    label_sets=True,
)
class DicePlusPlusLoss(RegionLoss):
    r"""Maximises a Dice coefficient whose errors are raised to a power, which tames overconfidence; range [0, 1).

    Formula:
        L = 1 - (2 TP + s) / (2 TP + sum_i ((1 - g_i) p_i)^gamma + sum_i (g_i (1 - p_i))^gamma + s): for each sample and
            class, then the mean

    When:
        For: Dice training whose probabilities are all close to 0 or 1 but should be meaningful. Against: only hard
        decisions matter; small errors then cost hardly anything.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Yeung et al. 2021 (arXiv 2111.00528).

    Differences:
        The authors clip p and the labels at 1e-7, which is not needed. gamma = 1 is DiceLoss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DicePlusPlusLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DicePlusPlusLoss()(logits, labels)):.4f}")
        0.5510

    YAML:
        loss:
          types:
            - type: DicePlusPlusLoss
              gamma: 2.0
          coef: [1]
    """

    gamma: float = number(default=2.0, low=0.0, help="exponent of the errors")
    smooth: float = number(default=1e-7, low=0.0, help="s, added to numerator and denominator")

    @property
    def statistics(self) -> Statistics:
        """Errors to the power gamma."""
        return powered(self.gamma)

    def per_class(self, sums: PoweredSums) -> Tensor:
        """1 - Dice++."""
        error = sums.fp_power + sums.fn_power
        return numeric.smooth_divide(error, 2 * sums.tp + error, self.smooth)
