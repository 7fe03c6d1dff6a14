"""Dice loss and focal loss, added."""

from __future__ import annotations

from ...inputs import Inputs
from ...options import flag, number, numbers_or_none
from ...registry import registered
from ..base import Loss
from ..distribution.focal import FocalLoss
from ..families import SumOfLosses
from ..region.dice import DiceLoss


@registered(
    family="compound",
    order=6,
    title="Dice + focal",
    purpose="small, hard structures beside a huge easy background",
    paper="Zhu et al., AnatomyNet, Medical Physics 2019",
    link="https://arxiv.org/abs/1808.05238",
    equation="the hybrid loss of the paper",
    range=(0, float("inf")),
    suits=("small-objects", "class-imbalance"),
    one_vs_rest=False,  # its Dice always counts the background
    exponents=("gamma",),
    label_sets=True,
)
class DiceFocalLoss(SumOfLosses):
    r"""Minimises Dice loss and focal loss together; range [0, inf).

    Formula:
        L = lambda_dice D + lambda_focal FL
        FL: focal loss, see FocalLoss

    When:
        For: small structures that Dice alone loses. Against: noisy labels, which the focal term emphasises.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Zhu et al. 2019 (arXiv 1808.05238).

    Differences:
        AnatomyNet pools the batch and adds up the Dice losses of the classes; we take their mean. MONAI's DiceFocalLoss
        uses a sigmoid focal loss even with a softmax Dice; here both follow the mode.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DiceFocalLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DiceFocalLoss()(logits, labels)):.4f}")
        0.7983

    YAML:
        loss:
          types:
            - type: DiceFocalLoss
          coef: [1]
    """

    takes_pixel_weight = True

    lambda_dice: float = number(default=1.0, low=0.0, help="weight of the Dice loss")
    lambda_focal: float = number(default=1.0, low=0.0, help="weight of the focal loss")
    gamma: float = number(default=2.0, low=0.0, help="how strongly easy pixels are down-weighted")
    alpha: tuple[float, ...] | None = numbers_or_none(default=None, help="balance of the classes, as in FocalLoss")
    weight: tuple[float, ...] | None = numbers_or_none(default=None, help="weight of each class in both terms")
    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss")
    batch: bool = flag(default=False, help="pool the batch in the Dice loss")

    def setup(self) -> None:
        """The terms."""
        self.dice = DiceLoss(smooth=self.smooth, batch=self.batch, weight=self.weight)
        self.focal = FocalLoss(gamma=self.gamma, alpha=self.alpha, weight=self.weight)

    def weighted(self, inputs: Inputs) -> dict[str, tuple[float, Loss]]:
        """Dice and focal."""
        return {
            "dice": (self.lambda_dice, self.dice),
            "focal": (self.lambda_focal, self.focal),
        }
