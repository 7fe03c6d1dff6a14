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
    r"""Minimises focal cross entropy and a focal Tversky loss with shared parameters; range [0, inf).

    Formula:
        L = lambda F + (1 - lambda) T
        lambda: option `weight`
        F = mean_i delta_y (1 - p_y)^gamma (-log p_y): focal part
        T = mean_{n,c} (1 - mTI_c)^{1 - gamma}: Tversky part
        delta_y: `1 - delta` for class 0, `delta` for the others
        p_y: predicted probability of the true label
        mTI_c: modified Tversky index, see AsymmetricFocalTverskyLoss

    When:
        For: strong imbalance, with three parameters instead of six. Against: a first attempt; DiceCELoss has less to
        tune.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Yeung et al. 2022 (arXiv 2102.04525).

    Differences:
        gamma is that of the authors' code; the paper's gamma is 1 - ours, and the two agree at 0.5 only. `weight` is
        the paper's lambda, on the focal part (the authors' code puts it on the Tversky part); it is not a list of class
        weights. The Tversky part is the mean over the classes, as in the authors' code.

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
