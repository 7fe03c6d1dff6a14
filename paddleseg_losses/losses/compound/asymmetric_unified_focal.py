"""The unified focal loss that favours the foreground."""

from __future__ import annotations

from ...registry import registered
from .unified_focal import UnifiedFocalLoss


@registered(
    family="compound",
    order=9,
    title="Asymmetric unified focal",
    purpose="one loss for balance in pixels and in regions, foreground favoured",
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
    r"""Minimises focal cross entropy and a focal Tversky loss with shared parameters; range [0, inf).

    Formula:
        L = lambda F + (1 - lambda) T
        lambda: option `weight`
        F: focal part, see AsymmetricFocalLoss
        T: Tversky part with the same `delta` and `gamma`, see AsymmetricFocalTverskyLoss

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
        `weight` is the paper's lambda, on the focal part (the authors' code puts it on the Tversky part); it is not a
        list of class weights. The paper sums the Tversky part over the classes; the mean is that of the authors' code.
        MONAI 1.6 averages the focal part over its two classes as well, which halves it.

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
