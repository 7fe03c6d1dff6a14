"""The unified focal loss with powers on every class."""

from __future__ import annotations

from ...registry import registered
from .unified_focal import UnifiedFocalLoss


@registered(
    family="compound",
    order=10,
    title="Symmetric unified focal",
    purpose="one loss for balance in pixels and in regions, both powers on every class",
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
