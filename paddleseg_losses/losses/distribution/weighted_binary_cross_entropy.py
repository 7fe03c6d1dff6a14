"""Binary cross entropy with a known weight of the positives."""

from __future__ import annotations

from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...functional.pixelwise import Balance
from ...inputs import Inputs
from ...options import number
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    order=3,
    title="Weighted binary cross entropy",
    purpose="positives are rare, and their weight is known",
    paper="Jadon, A survey of loss functions for semantic segmentation, CIBCB 2020",
    link="https://arxiv.org/abs/2006.14822",
    equation="eq. 2",
    range=(0, float("inf")),
    modes=("binary", "multilabel"),
    suits=("class-imbalance", "missed-objects"),
)
class WeightedBinaryCrossEntropyLoss(PixelLoss):
    r"""Minimises binary cross entropy with positives weighted by beta; range [0, inf).

    Formula:
        L = -mean_i [beta y_i log p_i + (1 - y_i) log(1 - p_i)]
        i: a valid element: a pixel of a channel
        y: the label, 0 or 1
        p: predicted probability, the sigmoid of the logit

    When:
        For: rare positives, beta > 1 finds more of them. Against: a share of positives that varies between images;
        then BalancedCrossEntropyLoss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]` with C = 1; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Jadon 2020 (arXiv 2006.14822), eq. 2.

    Differences:
        None from the formula; the mean divides by the number of elements, not by the weights. The survey's code uses
        beta / (1 - beta) as the weight.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import WeightedBinaryCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, -1.0, 0.5]]]])
        >>> labels = paddle.to_tensor([[[1, 0, 0]]])
        >>> print(f"{float(WeightedBinaryCrossEntropyLoss()(logits, labels)):.4f}")
        0.5137

    YAML:
        loss:
          types:
            - type: WeightedBinaryCrossEntropyLoss
              beta: 2.0
          coef: [1]
    """

    beta: float = number(default=2.0, low=0.0, help="weight of positives")

    def formula(self) -> Formula:
        """Cross entropy of each element."""
        return CROSS_ENTROPY

    def balance(self, inputs: Inputs) -> Balance | None:
        """`beta` for positives."""
        return self.beta, 1.0
