"""The Hausdorff distance by convolution with balls, without distance transforms."""

from __future__ import annotations

from ...functional.ball_filter import ball_filter_sums
from ...inputs import Inputs, Tensor
from ...options import number, numbers
from ...registry import registered
from ..families import MapLoss, powers


@registered(
    family="boundary",
    order=4,
    title="Hausdorff distance (convolution)",
    purpose="errors are weighted by the largest ball that fits between them and the boundary",
    paper="Karimi & Salcudean, Reducing the Hausdorff distance in medical image segmentation, IEEE TMI 2020",
    link="https://arxiv.org/abs/1904.10030",
    equation="the convolution variant",
    range=(0, float("inf")),
    suits=("far-errors",),
    neighbours=True,
    monotone=False,
    exponents=("alpha",),
)
class HausdorffCVLoss(MapLoss):
    r"""Minimises errors at least r away from the boundary, a surrogate of the Hausdorff distance; range [0, inf).

    Formula:
        L = mean_i sum_r r^alpha (p_i - g_i)^2 w_r: then the mean over samples and classes
        w_r = f(1 - B_r * g) p + f(B_r * g) g + f(1 - B_r * p) g + f(B_r * p) p: large where the pixel is at least `r`
            away from the boundary
        f(x) = max(x - 0.5, 0): soft threshold
        x: the value to be thresholded
        B_r * g: mean of `g` over a ball of radius `r` around the pixel
        r: the radii, option `radii`

    When:
        For: far errors, smoothly in the prediction too. Against: small images, in which large balls see mostly the
        outside.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Karimi & Salcudean 2020 (arXiv 1904.10030), convolution variant.

    Differences:
        This is our reading of the paper's description: we know of no published code for this variant. Outside the image
        counts as background. The means over balls are exact to rounding: by running sums over the lines of a ball on a
        CPU, for radii up to 64 pixels (48 on three axes), else by Fourier transforms.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import HausdorffCVLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(HausdorffCVLoss()(logits, labels)):.4f}")
        96.7188

    YAML:
        loss:
          types:
            - type: HausdorffCVLoss
              radii: [3, 6, 9]
          coef: [1]
    """

    alpha: float = number(default=2.0, low=0.0, help="exponent of the radii")
    radii: tuple[float, ...] = numbers(
        default=(3, 6, 9, 12, 15, 18), open_low=True, help="radii of the balls in pixels"
    )

    def map_sums(self, inputs: Inputs, skip: int) -> Tensor:
        """The errors far from a boundary, weighted by the radius of the ball."""
        return ball_filter_sums(inputs, skip, self.radii, powers(self.radii, self.alpha, type(self).__name__))
