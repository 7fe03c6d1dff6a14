"""Cross entropy with its reverse added, which wrong labels cannot drive far."""

from __future__ import annotations

import math

from ...functional.pixel_formulas import Formula, poly1
from ...options import number
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    title="Symmetric cross entropy",
    purpose="wrong labels: a bounded term beside a weak cross entropy",
    paper="Wang et al., Symmetric cross entropy for robust learning with noisy labels, ICCV 2019",
    link="https://arxiv.org/abs/1908.06112",
    equation="the symmetric cross entropy of the paper",
    range=(0, float("inf")),
    suits=("noisy-labels", "unstable-training"),
    soft=True,
    soft_minimum=False,
    label_sets=True,
)
class SymmetricCrossEntropyLoss(PixelLoss):
    r"""Minimises a weak cross entropy and the probability of the wrong labels together; range [0, inf).

    Formula:
        L = mean_i [-alpha log p_t + beta A (1 - p_t)]: in multilabel problems a mean over pixels and channels
        A = -log k: reverse cross entropy of a label whose probability is 0
        k: option `label_clip`, which stands for 0 there
        p_t: predicted probability of the true label

    When:
        For: labels of which some are wrong: the second term is bounded, however sure the network is of another label.
        Against: clean labels, which cross entropy follows better.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Wang et al. 2019 (arXiv 1908.06112).

    Differences:
        The defaults are those of the authors' code for CIFAR-10. Their code does not let a probability fall below 1e-7,
        ours does. It is alpha times Poly1CrossEntropyLoss with epsilon = beta A / alpha.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SymmetricCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SymmetricCrossEntropyLoss()(logits, labels)):.4f}")
        4.6997

    YAML:
        loss:
          types:
            - type: SymmetricCrossEntropyLoss
              alpha: 0.1
              beta: 1.0
          coef: [1]
    """

    alpha: float = number(default=0.1, low=0.0, help="weight of the cross entropy")
    beta: float = number(default=1.0, low=0.0, help="weight of the reverse cross entropy")
    label_clip: float = number(
        default=1e-4,
        low=0.0,
        high=1.0,
        open_low=True,
        help="what stands for 0 in the labels of the reverse cross entropy",
    )

    def formula(self) -> Formula:
        """-alpha log p_t + beta |log label_clip| (1 - p_t)."""
        return poly1(-self.beta * math.log(self.label_clip), self.alpha)
