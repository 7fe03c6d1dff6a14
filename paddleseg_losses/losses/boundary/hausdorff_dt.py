"""The Hausdorff distance through distance transforms."""

from __future__ import annotations

from ...functional.distance_weighted import hausdorff_sums
from ...inputs import Inputs, Tensor
from ...known_spacing import diagonal
from ...options import flag, number
from ...registry import registered
from ..families import MapLoss, Spaced, powers


@registered(
    family="boundary",
    order=2,
    title="Hausdorff distance (distance transform)",
    purpose="far false positives and missed parts: errors are weighted by their distance to the boundary",
    paper="Karimi & Salcudean, Reducing the Hausdorff distance in medical image segmentation, IEEE TMI 2020",
    link="https://arxiv.org/abs/1904.10030",
    equation="eq. 8",
    range=(0, float("inf")),
    suits=("far-errors",),
    neighbours=True,
    monotone=False,
    exponents=("alpha",),
    detached=("distance maps of prediction and truth",),
    label_maps="DistanceMaps",
)
class HausdorffDTLoss(Spaced, MapLoss):
    r"""Minimises a smooth surrogate of the Hausdorff distance: squared errors weighted by distance; range [0, inf).

    Formula:
        L = mean_i (p_i - g_i)^2 (d_p^alpha + d_g^alpha): then the mean over samples and classes
        d_p: distance of the pixel to the boundary of the prediction, `p > 0.5`; left out with `one_sided`
        d_g: distance of the pixel to the boundary of the truth. An empty or full mask has distance 0

    When:
        For: stray blobs and missed ends, together with a region loss. Against: alone from scratch (distance maps of an
        untrained prediction are noise), and tight time budgets, as maps of every prediction are computed.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'. Distances are in pixels, or in the
            unit of `spacing`; `paddleseg_losses.transforms` computes those of the truth where the data is loaded.

    Reference:
        Karimi & Salcudean 2020 (arXiv 1904.10030), eq. 8.

    Differences:
        None in the formula. The maps carry no gradient, so the value jumps where p crosses 0.5. The survey and
        articles that "maximise" the Hausdorff distance mean minimise.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import HausdorffDTLoss
        >>> logits = paddle.to_tensor([[[[4.0, 4.0, -4.0, -4.0, 2.0]]]])
        >>> labels = paddle.to_tensor([[[1, 1, 0, 0, 0]]])
        >>> print(f"{float(HausdorffDTLoss()(logits, labels)):.4f}")
        1.5527

    YAML:
        loss:
          types:
            - type: HausdorffDTLoss
              alpha: 2.0
          coef: [1]
    """

    alpha: float = number(default=2.0, low=0.0, help="exponent of the distances")
    one_sided: bool = flag(default=False, help="use the distance map of the truth alone")

    def map_sums(self, inputs: Inputs, skip: int) -> Tensor:
        """(p - g)^2 (d_g^alpha + d_p^alpha)."""
        spacing = self.pixel_size(inputs)
        powers([diagonal(inputs.problem.space, spacing)], self.alpha, type(self).__name__)
        return hausdorff_sums(inputs, skip, spacing, self.alpha, self.one_sided)
