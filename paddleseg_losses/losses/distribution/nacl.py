"""Cross entropy with logits kept near the labels of the neighbourhood."""

from __future__ import annotations

from ...functional.error_sums import pixel_count
from ...functional.window import nacl_penalty
from ...inputs import Inputs, Tensor
from ...numeric import safe_divide
from ...options import choice, number, numbers_or_none, only, whole
from ...registry import registered
from ..families import CompoundLoss
from .cross_entropy import CrossEntropyLoss


@registered(
    family="distribution",
    order=9,
    title="Neighbour-aware calibration (NACL)",
    purpose="calibrated probabilities: confidence follows how mixed the neighbourhood is",
    paper="Murugesan et al., Trust your neighbours, MICCAI 2023",
    link="https://arxiv.org/abs/2303.06268",
    equation="the NACL loss of the paper",
    range=(0, float("inf")),
    modes=("multiclass",),
    suits=("calibration",),
    one_vs_rest=False,
    neighbours=True,
    monotone=False,
    perfect_is_minimum=False,
    logits_only=("multiclass",),
)
class NACLLoss(CompoundLoss):
    r"""Minimises cross entropy while keeping logits near the share of each class around the pixel; range [0, inf).

    Formula:
        L = CE + alpha mean_{i,c} |b_{i,c} - z_{i,c}|
        b: mean of the labels `g` over a window around the pixel

    When:
        For: segmentation that needs calibrated confidence. Against: squeezing out the last per cent of Dice.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Murugesan et al. 2023 (arXiv 2303.06268).

    Differences:
        The authors' code pads the label map with class 0, so everything outside the image counts as class 0. Here, as
        in MONAI, it has no class, and means at the borders are not renormalised. Logits are constrained, not
        probabilities, as in the paper.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import NACLLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(NACLLoss()(logits, labels)):.4f}")
        0.9492

    YAML:
        loss:
          types:
            - type: NACLLoss
          coef: [1]
    """

    kernel_size: int = whole(default=3, low=1, odd=True, help="pixels along a side of the window")
    alpha: float = number(default=0.1, low=0.0, help="weight of the constraint")
    distance_type: str = choice(default="l1", of=("l1", "l2"), help="absolute or squared distance")
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class in the cross entropy, a list of C",
    )
    from_logits: bool = only(default=True, help="only true: logits are constrained")

    def setup(self) -> None:
        """The cross entropy inside."""
        self.entropy = CrossEntropyLoss(weight=self.weight)

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Cross entropy and the distance to the neighbourhood."""
        half = self.kernel_size // 2
        window = [1 / (2 * half + 1)] * (2 * inputs.problem.reach(half) + 1)
        distance = nacl_penalty(inputs, window, squared=self.distance_type == "l2")
        mean = safe_divide(distance, pixel_count(inputs).sum())
        return {"cross_entropy": (1.0, self.entropy.compute(inputs)), "neighbours": (self.alpha, mean)}
