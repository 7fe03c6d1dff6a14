"""Cross entropy over competing classes."""

from __future__ import annotations

from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    order=1,
    title="Cross entropy",
    purpose="the default: calibrated probabilities, balanced classes",
    paper="Jadon, A survey of loss functions for semantic segmentation, CIBCB 2020",
    link="https://arxiv.org/abs/2006.14822",
    equation="eq. 1 (binary)",
    range=(0, float("inf")),
    modes=("binary", "multiclass"),
    suits=("first-attempt", "calibration", "noisy-labels", "absent-classes"),
    soft=True,
    label_sets=True,
)
class CrossEntropyLoss(PixelLoss):
    r"""Minimises the negative log-likelihood -log p of the true label; range [0, inf).

    Formula:
        L = (sum_{i,c} w_c t_{i,c} (-log p_{i,c})) / (sum_i w_{y_i}): with one channel this is binary cross entropy
        t_{i,c} = (1 - e) g_{i,c} + e / C: the target; without label smoothing 1 for the true class and 0 for the others
        e: option `label_smoothing`
        w_c: weight of class `c`, 1 if not given

    When:
        For: the first loss to try, and a steady partner of an overlap loss. Against: a rare class is drowned out by the
        background; then use class weights, FocalLoss, or a region loss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot or soft targets `[N, C, *S]` with mode='multiclass'.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Jadon 2020 (arXiv 2006.14822), eq. 1, after Ma et al. 2004.

    Differences:
        From Paddle: equal to `F.cross_entropy(axis=1, ignore_index=255)` as long as no true class is less likely than
        e^-64, where Paddle truncates on a CPU; label smoothing follows PyTorch (Paddle's, with weights, does not divide
        by the weights of the labels).

    Example:
        >>> import paddle
        >>> from paddleseg_losses import CrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(CrossEntropyLoss()(logits, labels)):.4f}")
        0.8955

    YAML:
        loss:
          types:
            - type: paddleseg_losses.CrossEntropyLoss
              weight: [0.5, 1.0, 1.0, 1.0]
          coef: [1]
    """

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY
