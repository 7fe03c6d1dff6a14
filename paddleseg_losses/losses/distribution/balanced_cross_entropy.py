"""Binary cross entropy in which both labels weigh the same."""

from __future__ import annotations

from ... import numeric
from ...functional.error_sums import COUNT, POSITIVE, pixel_count, sum_of
from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...functional.pixelwise import Balance
from ...inputs import Inputs
from ...options import flag, number
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    order=4,
    title="Balanced cross entropy",
    purpose="edges and thin objects: both classes have the same total weight in every image",
    paper="Xie & Tu, Holistically-nested edge detection, ICCV 2015",
    link="https://arxiv.org/abs/1504.06375",
    equation="Jadon 2020, eq. 3",
    range=(0, float("inf")),
    modes=("binary", "multilabel"),
    counts_unweighted=True,
    suits=("thin-structures", "class-imbalance"),
)
class BalancedCrossEntropyLoss(PixelLoss):
    r"""Minimises binary cross entropy with the classes balanced by their shares; range [0, inf).

    Formula:
        L = -mean_i [beta y_i log p_i + (1 - beta) (1 - y_i) log(1 - p_i)]
        i: a valid element: a pixel of a channel
        beta: option `beta`; if not given, the share of negatives in the image and channel (`batch=True`: in the batch)
        y: the label, 0 or 1
        p: predicted probability, the sigmoid of the logit

    When:
        For: edges and thin structures, whose share is small and varies. Against: images without any positive: beta is
        1, so their loss and gradient are 0.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]` with C = 1; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Xie & Tu 2015 (arXiv 1504.06375); Jadon 2020 (arXiv 2006.14822), eq. 3.

    Differences:
        The paper sums, we average. With one channel, PaddleSeg's `BCELoss(weight='dynamic')` is twice this with
        batch=True; with several channels it takes one share for all of them. It counts ignored pixels as negatives.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BalancedCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, -1.0, 0.5]]]])
        >>> labels = paddle.to_tensor([[[1, 0, 0]]])
        >>> print(f"{float(BalancedCrossEntropyLoss()(logits, labels)):.4f}")
        0.1712

    YAML:
        loss:
          types:
            - type: BalancedCrossEntropyLoss
          coef: [1]
    """

    beta: float | None = number(
        default=None,
        low=0.0,
        high=1.0,
        optional=True,
        help="weight of positives; None: the share of negatives",
    )
    batch: bool = flag(default=False, help="one fraction for the batch, not for each image")

    def formula(self) -> Formula:
        """Cross entropy of each element."""
        return CROSS_ENTROPY

    def balance(self, inputs: Inputs) -> Balance | None:
        """The share of negatives for positives, and the rest for negatives."""
        if self.beta is not None:
            return self.beta, 1 - self.beta
        pixels = inputs.unweighted
        positives, count = sum_of(pixels, POSITIVE, COUNT), pixel_count(pixels)
        if self.batch:
            positives, count = positives.sum(axis=0, keepdim=True), count.sum(axis=0, keepdim=True)
        share = 1 - numeric.safe_divide(positives, count)
        return share, 1 - share
