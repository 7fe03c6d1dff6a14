"""Cross entropy against labels that are smoothed over the neighbourhood."""

from __future__ import annotations

from ...functional.label_means import smoothed_labels
from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...inputs import Inputs
from ...options import fixed, number, whole
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    title="Spatially varying label smoothing (SVLS)",
    purpose="borders that experts draw differently: near them the target is less certain",
    paper="Islam & Glocker, Spatially varying label smoothing, IPMI 2021",
    link="https://arxiv.org/abs/2104.05788",
    equation="the smoothed labels of the paper",
    range=(0, float("inf")),
    suits=("calibration", "noisy-labels", "ragged-boundaries"),
    neighbours=True,
    monotone=False,
    perfect_is_minimum=False,
)
class SpatialLabelSmoothingLoss(PixelLoss):
    r"""Minimises cross entropy against labels that are mixed with those of the neighbours; range [0, inf).

    Formula:
        L = (sum_{i,c} w_c t_{i,c} (-log p_{i,c})) / (sum_i w_{y_i}): with a sigmoid the binary cross entropy of each
            channel
        t_i = (sum_o k_o g_{i+o}) / (sum_o k_o): the target, of the valid neighbours; beyond the image its edges are
            repeated
        k_o: Gaussian weight of the neighbour at the offset o, those of all neighbours summing to 1, and 1 for the pixel
            itself
        w_c: weight of class `c`, 1 if not given
        o: an offset within the window

    When:
        For: borders on which experts disagree, and probabilities that say so. Against: structures one or two pixels
        wide, which are all border.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Islam & Glocker 2021 (arXiv 2104.05788).

    Differences:
        Equal to the authors' code for kernel_size=3, the only one that it computes, where nothing is ignored. It takes
        ignored labels for a class; here ignored neighbours are left out of the mean.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SpatialLabelSmoothingLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SpatialLabelSmoothingLoss()(logits, labels)):.4f}")
        1.0677

    YAML:
        loss:
          types:
            - type: SpatialLabelSmoothingLoss
              kernel_size: 3
              sigma: 1.0
          coef: [1]
    """

    kernel_size: int = whole(default=3, low=1, odd=True, help="pixels along a side of the window, 1 is cross entropy")
    label_smoothing: float = fixed(0.0)
    sigma: float = number(default=1.0, low=0.0, open_low=True, help="width of the Gaussian weights in pixels")

    def formula(self) -> Formula:
        """-log p."""
        return CROSS_ENTROPY

    def soften(self, inputs: Inputs) -> Inputs:
        """The labels mixed with those around."""
        return inputs if self.kernel_size == 1 else smoothed_labels(inputs, self.kernel_size // 2, self.sigma)
