"""Cross entropy with its leading polynomial term changed."""

from __future__ import annotations

from ...functional.pixel_formulas import Formula, poly1
from ...options import number
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    order=7,
    title="Poly-1 cross entropy",
    purpose="one more parameter to tune: the first term of the polynomial expansion of cross entropy",
    paper="Leng et al., PolyLoss, ICLR 2022",
    link="https://arxiv.org/abs/2204.12511",
    equation="the Poly-1 formula of the paper",
    range=(0, float("inf")),
    modes=("multiclass",),
    suits=("stalled-training",),
    label_sets=True,
)
class Poly1CrossEntropyLoss(PixelLoss):
    r"""Minimises cross entropy with its leading polynomial term changed; range [0, inf) for epsilon >= 0.

    Formula:
        L = mean_i [-log p_t + epsilon (1 - p_t)]
        p_t: softmax probability of the true class

    When:
        For: squeezing a little more out of a tuned cross entropy; epsilon is worth a small search. Against: a first
        attempt.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D; `[N, *S]` with reduction='none'.

    Reference:
        Leng et al. 2022 (arXiv 2204.12511).

    Differences:
        None. epsilon = 0 is CrossEntropyLoss; below -1 the loss is no longer monotone, which is refused.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import Poly1CrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(Poly1CrossEntropyLoss()(logits, labels)):.4f}")
        1.3960

    YAML:
        loss:
          types:
            - type: Poly1CrossEntropyLoss
              epsilon: 1.0
          coef: [1]
    """

    epsilon: float = number(default=1.0, low=-1.0, help="change of the leading term")

    def formula(self) -> Formula:
        """-log p_t + epsilon (1 - p_t)."""
        return poly1(self.epsilon)
