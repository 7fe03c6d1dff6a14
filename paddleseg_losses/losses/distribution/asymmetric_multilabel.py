"""Focal loss that treats present and absent labels differently."""

from __future__ import annotations

from ...functional.pixel_formulas import Formula, asymmetric
from ...options import flag, number
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    title="Asymmetric loss for multilabel problems (ASL)",
    purpose="many labels of which few are present, some of them not marked: easy negatives cost nothing",
    paper="Ridnik et al., Asymmetric loss for multi-label classification, ICCV 2021",
    link="https://arxiv.org/abs/2009.14119",
    equation="its asymmetric loss with probability shifting",
    range=(0, float("inf")),
    modes=("binary", "multilabel"),
    suits=("class-imbalance", "noisy-labels"),
    soft=True,
    soft_minimum=False,
    exponents=("gamma_pos", "gamma_neg"),
)
class AsymmetricMultilabelLoss(PixelLoss):
    r"""Minimises a focal loss whose negatives are down-weighted more, and dropped below a probability; range [0, inf).

    Formula:
        L = mean_i [-y_i (1 - p_i)^{gamma_pos} log p_i - (1 - y_i) q_i^{gamma_neg} log(1 - q_i)]
        i: a valid element: a pixel of a channel
        y: the label, 0 or 1
        p: predicted probability, the sigmoid of the logit
        q_i = max(p_i - clip, 0): the probability that is left to a negative, 0 up to `clip`

    When:
        For: many labels that rarely occur, or positives that nobody marked: a negative with p up to `clip` costs
        nothing. Against: classes that exclude each other; and probabilities that have to mean something.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Ridnik et al. 2021 (arXiv 2009.14119).

    Differences:
        The authors' code sums over all elements; here it is a mean. gamma_pos=0 is that of the paper and of their
        training script, while their class has 1. Their `disable_torch_grad_focal_loss` is detach_focus. With equal
        exponents and clip=0 it is FocalLoss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import AsymmetricMultilabelLoss
        >>> logits = paddle.to_tensor([[[[2.0, -1.0, 0.5]]]])
        >>> labels = paddle.to_tensor([[[1, 0, 0]]])
        >>> print(f"{float(AsymmetricMultilabelLoss()(logits, labels)):.4f}")
        0.0729

    YAML:
        loss:
          types:
            - type: AsymmetricMultilabelLoss
              gamma_neg: 4.0
              clip: 0.05
          coef: [1]
    """

    gamma_pos: float = number(default=0.0, low=0.0, help="how strongly easy positives are down-weighted")
    gamma_neg: float = number(default=4.0, low=0.0, help="how strongly easy negatives are down-weighted")
    clip: float = number(default=0.05, low=0.0, high=1.0, help="probability up to which a negative costs nothing")
    detach_focus: bool = flag(default=False, help="let no gradient flow through the two powers")

    def formula(self) -> Formula:
        """A focal formula for each side."""
        return asymmetric(self.gamma_pos, self.gamma_neg, self.clip, self.detach_focus)
