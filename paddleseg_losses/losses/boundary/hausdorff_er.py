"""The Hausdorff distance by erosion, without distance transforms."""

from __future__ import annotations

from ...functional.erosion import erosion_sums
from ...inputs import Inputs, Tensor
from ...options import flag, number, whole
from ...registry import registered
from ..families import MapLoss, powers


@registered(
    family="boundary",
    order=3,
    title="Hausdorff distance (erosion)",
    purpose="thick errors: what survives many erosions is far from the boundary",
    paper="Karimi & Salcudean, Reducing the Hausdorff distance in medical image segmentation, IEEE TMI 2020",
    link="https://arxiv.org/abs/1904.10030",
    equation="the morphological variant",
    range=(0, float("inf")),
    suits=("far-errors",),
    neighbours=True,
    blind=True,
    monotone=False,
    exponents=("alpha",),
)
class HausdorffERLoss(MapLoss):
    r"""Minimises a surrogate of the Hausdorff distance: errors weighted by the erosions they survive; range [0, inf).

    Formula:
        L = mean_i sum_{k=1}^K E_k k^alpha: then the mean over samples and classes
        E_0 = (p - g)^2: squared error
        E_k: the mean of `E_{k-1}` over a pixel and its direct neighbours, put through the soft threshold `max(x - 0.5,
            0)` and stretched to `[0, 1]` in each sample and class
        k: number of erosions so far
        K: option `erosions`
        x: the value to be thresholded

    When:
        For: thick false regions, without distance transforms. Against: errors one pixel wide, which no erosion
        survives: they cost nothing; add a region loss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Karimi & Salcudean 2020 (arXiv 1904.10030), erosion variant.

    Differences:
        Taken literally, the threshold leaves at most 0.5 after the first step and nothing after the second; like public
        code, each step is rescaled to [0, 1], and the gradient flows through that.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import HausdorffERLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(HausdorffERLoss()(logits, labels)):.4f}")
        0.0000

    YAML:
        loss:
          types:
            - type: HausdorffERLoss
              erosions: 10
          coef: [1]
    """

    alpha: float = number(default=2.0, low=0.0, help="exponent of the number of erosions")
    erosions: int = whole(default=10, low=1, high=10_000, help="number of erosions")
    include_background: bool = flag(default=True, help="whether class 0 of a multiclass problem counts")

    def map_sums(self, inputs: Inputs, skip: int) -> Tensor:
        """The errors after each erosion, weighted by the number of erosions."""
        return erosion_sums(inputs, skip, powers(range(1, self.erosions + 1), self.alpha, type(self).__name__))
