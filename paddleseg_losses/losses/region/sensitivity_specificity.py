"""Squared errors on the object and on the rest, each averaged on its own."""

from __future__ import annotations

from ... import numeric
from ...functional.region_sums import PoweredSums, Statistics, powered
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import RegionLoss


@registered(
    family="region",
    order=7,
    title="Sensitivity-specificity",
    purpose="tiny lesions: errors on the lesion and on the rest are weighted separately",
    paper="Brosch et al., Deep convolutional encoder networks for multiple sclerosis lesion segmentation, MICCAI 2015",
    link="https://doi.org/10.1007/978-3-319-24574-4_1",
    equation="the error measure of the paper; Jadon 2020, eq. 12",
    range=(0, 1),
    suits=("small-objects", "class-imbalance"),
    label_sets=True,
)
class SensitivitySpecificityLoss(RegionLoss):
    r"""Minimises the mean squared error on the object and, separately, on the rest; range [0, 1].

    Formula:
        L = r (sum_i (p_i - g_i)^2 g_i) / (sum_i g_i + s) + (1 - r) (sum_i (p_i - g_i)^2 (1 - g_i)) / (sum_i (1 - g_i) +
            s): for each sample and class, then the mean

    When:
        For: lesions that are a thousandth of the image; r sets the balance. Against: balanced classes, where it is
        close to a mean squared error.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Brosch et al. 2015 (10.1007/978-3-319-24574-4_1); Jadon 2020 (arXiv 2006.14822), eq. 12.

    Differences:
        The survey prints w sensitivity + (1 - w) specificity, which is a gain and not a loss; this is Brosch's error. r
        = 0.05 as in NiftyNet, which adds up the classes where we average; the paper found 0.01 to 0.10 alike. An empty
        mask has a first term of 0.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SensitivitySpecificityLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SensitivitySpecificityLoss()(logits, labels)):.4f}")
        0.0833

    YAML:
        loss:
          types:
            - type: SensitivitySpecificityLoss
              r: 0.05
          coef: [1]
    """

    r: float = number(default=0.05, low=0.0, high=1.0, help="share of the object's errors")
    smooth: float = number(default=1e-5, low=0.0, help="s, added to both denominators")

    @property
    def statistics(self) -> Statistics:
        """Squared errors."""
        return powered(2.0)

    def per_class(self, sums: PoweredSums) -> Tensor:
        """The two means."""
        inside = numeric.smooth_divide(sums.fn_power, sums.g, self.smooth)
        outside = numeric.smooth_divide(sums.fp_power, sums.negatives, self.smooth)
        return self.r * inside + (1 - self.r) * outside
