"""Dice through a map that is smooth at the optimum."""

from __future__ import annotations

from ... import numeric
from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import number, only_mean
from ...registry import registered
from ..families import RegionLoss


@registered(
    family="region",
    order=8,
    title="Log-cosh Dice",
    purpose="Dice with a slope that flattens near the optimum",
    paper="Jadon, A survey of loss functions for semantic segmentation, CIBCB 2020",
    link="https://arxiv.org/abs/2006.14822",
    equation="eq. 32",
    range=(0, numeric.LOG_COSH_1),
    suits=("unstable-training",),
    soft=True,
    batchwise=True,
    label_sets=True,
)
class LogCoshDiceLoss(RegionLoss):
    r"""Maximises the Dice coefficient through log cosh, which is smooth at the optimum; range [0, 0.4338).

    Formula:
        L = log cosh(D): its slope is `tanh(D)` times that of Dice
        D: Dice loss, the mean over samples and classes, see DiceLoss

    When:
        For: Dice training that jitters near its end. Against: the slope vanishes with the loss, so the last few per
        cent are learnt slowly.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D.

    Reference:
        Jadon 2020 (arXiv 2006.14822), eq. 32.

    Differences:
        The survey's code flattens batch and channels into one Dice loss before it takes log cosh. With one channel that
        is batch=True here; on a softmax it is nearly log cosh(1 - mean p_t), the absolute error that `F.dice_loss` is
        as well. The php.cn article builds on `F.dice_loss` and, as printed, raises an error on [N, C, H, W] logits.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import LogCoshDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(LogCoshDiceLoss()(logits, labels)):.4f}")
        0.0476

    YAML:
        loss:
          types:
            - type: LogCoshDiceLoss
          coef: [1]
    """

    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss")
    reduction: str = only_mean(default="mean")

    def per_class(self, sums: RegionSums) -> Tensor:
        """1 - Dice."""
        return region.dice(sums, self.smooth)

    def transform(self, mean: Tensor) -> Tensor:
        """Log cosh of the mean Dice loss."""
        return numeric.log_cosh(mean)
