"""Cross entropy whose wrong pixels cost more as the contour is further off."""

from __future__ import annotations

import paddle

from ...functional.contours import contour_errors
from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...inputs import Inputs, Tensor
from ...registry import registered
from ..families import PixelLoss, Spaced


@registered(
    family="boundary",
    order=1,
    title="Shape-aware cross entropy",
    purpose="wrong pixels cost more when the whole contour is off",
    paper="Al Arif et al., Shape-aware deep convolutional neural network for vertebrae segmentation, MSKI 2017",
    link="https://doi.org/10.1007/978-3-319-74113-0_2",
    equation="Jadon 2020, eq. 15 and 16",
    range=(0, float("inf")),
    suits=("ragged-boundaries",),
    background_special=True,
    neighbours=True,
    detached=("mean contour distance", "set of wrong pixels"),
)
class ShapeAwareLoss(Spaced, PixelLoss):
    r"""Minimises cross entropy, with wrong pixels weighted by how far the contour is off; range [0, inf).

    Formula:
        L = (1 / V) sum_i (1 + E e_i) CE_i
        E: mean distance of the predicted contour to the true one in the sample: of the foreground, or the mean over
            classes `1, ..., C - 1` for which both contours exist; 0 if there is none
        e_i: 1 where the prediction is wrong, else 0

    When:
        For: one compact object whose outline drifts. Against: many objects; E is one number for all.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Al Arif et al. 2017 (10.1007/978-3-319-74113-0_2); Jadon 2020 (arXiv 2006.14822), eq. 15 and 16.

    Differences:
        This is our reading of the paper, which was available to us only as an abstract and in the survey; no code was
        published. In it, E applies to wrong pixels only. The survey prints -CE and E CE, although CE already holds the
        minus sign, and gives E a pixel index. The loss is often attributed to Hayder et al., who propose a different
        one.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import ShapeAwareLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(ShapeAwareLoss()(logits, labels)):.4f}")
        0.8955

    YAML:
        loss:
          types:
            - type: ShapeAwareLoss
          coef: [1]
    """

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY

    def adjust(self, inputs: Inputs, values: Tensor) -> Tensor:
        """(1 + E [wrong]) CE."""
        with paddle.no_grad():
            weight = 1 + contour_errors(inputs, self.pixel_size(inputs))
        return values * weight
