"""Binary cross entropy: one sigmoid for each channel."""

from __future__ import annotations

from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...functional.pixelwise import Balance
from ...inputs import Inputs
from ...options import numbers_or_none
from ...registry import registered
from ..families import PixelLoss, each_class


@registered(
    family="distribution",
    order=2,
    title="Binary cross entropy",
    purpose="one foreground class, or classes that do not exclude each other",
    paper="Jadon, A survey of loss functions for semantic segmentation, CIBCB 2020",
    link="https://arxiv.org/abs/2006.14822",
    equation="eq. 1",
    range=(0, float("inf")),
    modes=("binary", "multilabel"),
    soft=True,
    suits=("first-attempt", "calibration"),
)
class BinaryCrossEntropyLoss(PixelLoss):
    r"""Minimises the negative log-likelihood of each yes-or-no label; range [0, inf).

    Formula:
        L = -mean_i [w y_i log p_i + (1 - y_i) log(1 - p_i)]
        i: a valid element: a pixel of a channel
        w: weight of positives in the channel, option `pos_weight`; 1 if not given
        y: the label, 0 or 1
        p: predicted probability, the sigmoid of the logit

    When:
        For: one foreground class, or labels that may overlap. Against: classes that exclude each other; then
        CrossEntropyLoss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Jadon 2020 (arXiv 2006.14822), eq. 1.

    Differences:
        None. It is `F.binary_cross_entropy_with_logits(pos_weight=...)` over the valid elements: a mean, although the
        php.cn article prints a sum.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BinaryCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, -1.0, 0.5]]]])
        >>> labels = paddle.to_tensor([[[1, 0, 0]]])
        >>> print(f"{float(BinaryCrossEntropyLoss()(logits, labels)):.4f}")
        0.4714

    YAML:
        loss:
          types:
            - type: BinaryCrossEntropyLoss
          coef: [1]
    """

    pos_weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of positives, one number or one for each channel",
    )

    def formula(self) -> Formula:
        """Cross entropy of each element."""
        return CROSS_ENTROPY

    def balance(self, inputs: Inputs) -> Balance | None:
        """`pos_weight` for positives."""
        if self.pos_weight is None:
            return None
        each = self.pos_weight * inputs.channels if len(self.pos_weight) == 1 else self.pos_weight
        return each_class(each, inputs, "pos_weight", type(self).__name__), 1.0
