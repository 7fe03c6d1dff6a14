"""Unified focal losses: both parts with shared numbers."""

from __future__ import annotations

from typing import ClassVar

from ...functional.error_sums import Moment
from ...functional.unified_focal import focal_part, needed, tversky_part
from ...inputs import Inputs, Tensor
from ...options import number
from ...registry import registered
from ..families import CompoundLoss

SMOOTH = 1e-7  # of the Tversky part, as in the authors' code


class UnifiedFocalLoss(CompoundLoss):
    """Both parts; the final classes say on which classes the powers act."""

    symmetric: ClassVar[bool]

    weight: float = number(default=0.5, low=0.0, high=1.0, help="share of the focal part", zh="Focal 部分所占比例")
    delta: float = number(
        default=0.6, low=0.0, high=1.0, help="weight of the foreground, and of false negatives", zh="前景与假阴性的权重"
    )
    gamma: float = number(
        default=0.5,
        low=0.0,
        high=1.0,
        help="exponent of the focal part; 1 - gamma of the Tversky part",
        zh="Focal 部分的指数；Tversky 部分为 1 - gamma",
    )

    def moments(self, inputs: Inputs) -> tuple[Moment, ...]:
        """What the parts read."""
        return needed(self.gamma)

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Focal and Tversky."""
        return {
            "focal": (self.weight, focal_part(inputs, self.delta, self.gamma, symmetric=self.symmetric)),
            "tversky": (
                1 - self.weight,
                tversky_part(inputs, self.delta, self.gamma, SMOOTH, symmetric=self.symmetric),
            ),
        }


@registered(
    family="compound",
    title="Asymmetric unified focal",
    title_zh="非对称统一 Focal 损失",
    purpose="one loss for balance in pixels and in regions, foreground favoured",
    purpose_zh="像素与区域兼顾，偏重前景",
    paper="Yeung et al., Unified focal loss, CMIG 2022",
    link="https://arxiv.org/abs/2102.04525",
    equation="the asymmetric unified focal loss",
    range=(0, float("inf")),
    modes=("multiclass",),
    suits=("class-imbalance", "missed-objects"),
    one_vs_rest=False,
    background_special=True,
    exponents=("gamma",),
)
class AsymmetricUnifiedFocalLoss(UnifiedFocalLoss):
    r"""Minimises focal cross entropy and a focal Tversky loss with shared numbers; range [0, inf).

    Formula:
        L = weight F + (1 - weight) T: F as in AsymmetricFocalLoss, T as in AsymmetricFocalTverskyLoss, with the same
        delta and gamma.

    When:
        For: strong imbalance, with three numbers instead of six. Against: a first attempt; DiceCELoss has less to
        tune.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Yeung et al. 2022 (arXiv 2102.04525).

    Differences:
        `weight` is the paper's lambda, on the focal part (the authors' code puts it on the Tversky part); it is not a
        list of class weights.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import AsymmetricUnifiedFocalLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(AsymmetricUnifiedFocalLoss()(logits, labels)):.4f}")
        0.5862

    YAML:
        loss:
          types:
            - type: AsymmetricUnifiedFocalLoss
          coef: [1]
    """

    symmetric = False


@registered(
    family="compound",
    title="Symmetric unified focal",
    title_zh="对称统一 Focal 损失",
    purpose="one loss for balance in pixels and in regions, both powers on every class",
    purpose_zh="像素与区域兼顾，指数作用于所有类别",
    paper="Yeung et al., Unified focal loss, CMIG 2022",
    link="https://arxiv.org/abs/2102.04525",
    equation="the symmetric unified focal loss",
    range=(0, float("inf")),
    modes=("multiclass",),
    suits=("class-imbalance",),
    one_vs_rest=False,
    background_special=True,
    exponents=("gamma",),
)
class SymmetricUnifiedFocalLoss(UnifiedFocalLoss):
    r"""Minimises focal cross entropy and a focal Tversky loss with shared numbers; range [0, inf).

    Formula:
        L = weight F + (1 - weight) T: F = mean of delta_c (1 - p_y)^gamma (-log p_y) with delta_c = 1 - delta for
        class 0 and delta for others, T = mean of (1 - mTI_c)^(1 - gamma).

    When:
        For: strong imbalance, with three numbers instead of six. Against: a first attempt; DiceCELoss has less to
        tune.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Yeung et al. 2022 (arXiv 2102.04525).

    Differences:
        `weight` is the paper's lambda, on the focal part (the authors' code puts it on the Tversky part); it is not a
        list of class weights.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SymmetricUnifiedFocalLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SymmetricUnifiedFocalLoss()(logits, labels)):.4f}")
        0.6015

    YAML:
        loss:
          types:
            - type: SymmetricUnifiedFocalLoss
          coef: [1]
    """

    symmetric = True
