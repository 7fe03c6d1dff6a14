"""Cross entropy with logits that may not differ by more than a margin."""

from __future__ import annotations

from ...functional.margin import margin_excess
from ...inputs import Inputs, Tensor
from ...options import number, numbers_or_none
from ...registry import registered
from ..families import CompoundLoss
from .cross_entropy import CrossEntropyLoss


@registered(
    family="distribution",
    title="Margin-based label smoothing (MbLS)",
    purpose="calibrated probabilities: logits that are further apart than a margin cost",
    paper="Liu et al., The devil is in the margin: margin-based label smoothing for network calibration, CVPR 2022",
    link="https://arxiv.org/abs/2111.15430",
    equation="the margin-based label smoothing of the paper",
    range=(0, float("inf")),
    suits=("calibration",),
    soft=True,
    monotone=False,
    perfect_is_minimum=False,
    label_sets=True,
)
class MarginSmoothingLoss(CompoundLoss):
    r"""Minimises cross entropy while keeping all logits within a margin of the largest; range [0, inf).

    Formula:
        L = CE + alpha mean_{i,c} max(max_j z_{i,j} - z_{i,c} - m, 0)
        m: option `margin`
        z_{i,c}: logit of class `c`; a sigmoid's logit z stands for the two classes (0, z)
        j: a class

    When:
        For: probabilities that have to mean something, from a loss as simple as cross entropy. Against: squeezing out
        the last per cent of Dice.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Liu et al. 2022 (arXiv 2111.15430).

    Differences:
        None from the authors' code, which has no sigmoid and fails with a single valid pixel. Of given probabilities
        the logits are log p, and with a sigmoid log(p / (1 - p)).

    Example:
        >>> import paddle
        >>> from paddleseg_losses import MarginSmoothingLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(MarginSmoothingLoss(margin=1.0)(logits, labels)):.4f}")
        0.9288

    YAML:
        loss:
          types:
            - type: MarginSmoothingLoss
              margin: 10.0
              alpha: 0.1
          coef: [1]
    """

    takes_pixel_weight = True

    margin: float = number(default=10.0, low=0.0, help="how far a logit may be below the largest at no cost")
    alpha: float = number(default=0.1, low=0.0, help="weight of the constraint")
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class in the cross entropy, a list of C",
    )

    def setup(self) -> None:
        """The cross entropy inside."""
        self.entropy = CrossEntropyLoss(weight=self.weight)

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Cross entropy and the distance beyond the margin."""
        return {
            "cross_entropy": (1.0, self.entropy.compute(inputs)),
            "margin": (self.alpha, margin_excess(inputs, self.margin)),
        }
