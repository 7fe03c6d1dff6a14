"""Dice loss and cross entropy, added."""

from __future__ import annotations

from ...inputs import Inputs
from ...options import flag, number, numbers_or_none
from ...registry import registered
from ..base import Loss
from ..distribution.cross_entropy import CrossEntropyLoss
from ..families import SumOfLosses
from ..region.dice import DiceLoss


@registered(
    family="compound",
    order=5,
    title="Dice + cross entropy",
    purpose="the steady default of medical segmentation",
    paper="Isensee et al., nnU-Net, Nature Methods 2021",
    link="https://doi.org/10.1038/s41592-020-01008-z",
    equation="the loss of its training scheme",
    range=(0, float("inf")),
    soft=True,
    suits=("first-attempt", "class-imbalance", "unstable-training"),
    label_sets=True,
)
class DiceCELoss(SumOfLosses):
    r"""Minimises Dice loss and cross entropy together; range [0, inf).

    Formula:
        L = lambda_dice D + lambda_ce CE

    When:
        For: a first attempt at any medical task. Against: a metric that neither term follows, such as a boundary
        distance.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Isensee et al. 2021 (10.1038/s41592-020-01008-z); Isensee et al. 2018 (arXiv 1809.10486).

    Differences:
        nnU-Net adds the negative Dice coefficient of the foreground. With include_background=False, smooth=1e-5 and
        batch as its plan has `batch_dice`, ours is its value plus one, with the same gradient; with our defaults it is
        another loss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DiceCELoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DiceCELoss()(logits, labels)):.4f}")
        1.2066

    YAML:
        loss:
          types:
            - type: DiceCELoss
          coef: [1]
    """

    takes_pixel_weight = True

    lambda_dice: float = number(default=1.0, low=0.0, help="weight of the Dice loss")
    lambda_ce: float = number(default=1.0, low=0.0, help="weight of the cross entropy")
    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss")
    batch: bool = flag(default=False, help="pool the batch in the Dice loss")
    include_background: bool = flag(
        default=True,
        help="whether class 0 of a multiclass problem counts in the Dice loss",
    )
    weight: tuple[float, ...] | None = numbers_or_none(default=None, help="weight of each class in both terms")
    label_smoothing: float = number(
        default=0.0,
        low=0.0,
        high=1.0,
        help="share of the target of the cross entropy spread over all classes, with a sigmoid over 0 and 1",
    )

    def setup(self) -> None:
        """The terms."""
        self.dice = DiceLoss(
            smooth=self.smooth, batch=self.batch, include_background=self.include_background, weight=self.weight
        )
        self.entropy = CrossEntropyLoss(weight=self.weight, label_smoothing=self.label_smoothing)

    def weighted(self, inputs: Inputs) -> dict[str, tuple[float, Loss]]:
        """Dice and cross entropy."""
        return {
            "dice": (self.lambda_dice, self.dice),
            "cross_entropy": (self.lambda_ce, self.entropy),
        }
