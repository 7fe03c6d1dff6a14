"""Between cross entropy and the mean absolute error."""

from __future__ import annotations

from ...functional.pixel_formulas import Formula, generalized
from ...options import number
from ...registry import registered
from ..families import PixelLoss

TINY = 1e-30  # float32 divides by nothing smaller, and cross entropy is the same to all digits


@registered(
    family="distribution",
    title="Generalized cross entropy",
    purpose="wrong labels: bounded, between cross entropy and the mean absolute error",
    paper="Zhang & Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy labels, "
    "NeurIPS 2018",
    link="https://arxiv.org/abs/1805.07836",
    equation="its L_q loss",
    range=(0, float("inf")),
    suits=("noisy-labels", "unstable-training"),
    soft=True,
    soft_minimum=False,
    exponents=("q",),
    label_sets=True,
)
class GeneralizedCrossEntropyLoss(PixelLoss):
    r"""Minimises (1 - p^q) / q of the true label's probability; range [0, 1 / q].

    Formula:
        L = mean_i (1 - p_t^q) / q: in multilabel problems a mean over pixels and channels
        p_t: predicted probability of the true label

    When:
        For: labels of which some are wrong: a pixel costs at most 1 / q. Against: clean labels, where cross entropy,
        which is q = 0, learns faster.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Zhang & Sabuncu 2018 (arXiv 1805.07836).

    Differences:
        None from L_q. The truncated loss of the paper, which leaves out samples that stay badly wrong, is not offered.
        q = 0 is CrossEntropyLoss, q = 1 the probability of the wrong labels.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import GeneralizedCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(GeneralizedCrossEntropyLoss()(logits, labels)):.4f}")
        0.5834

    YAML:
        loss:
          types:
            - type: GeneralizedCrossEntropyLoss
              q: 0.7
          coef: [1]
    """

    q: float = number(default=0.7, low=0.0, high=1.0, help="0 is cross entropy, 1 the mean absolute error")

    def formula(self) -> Formula:
        """(1 - p_t^q) / q."""
        return generalized(self.q if self.q > TINY else 0.0)
