"""Cross entropy of the pixels that are still hard."""

from __future__ import annotations

from ...errors import OptionError
from ...functional.pixel_formulas import Formula, focal
from ...functional.pixelwise import Balance
from ...i18n import _
from ...inputs import Inputs
from ...options import number, numbers_or_none
from ...registry import registered
from ..families import PixelLoss, each_class, fit


@registered(
    family="distribution",
    order=5,
    title="Focal",
    purpose="strong imbalance: easy pixels are down-weighted so that hard ones decide",
    paper="Lin et al., Focal loss for dense object detection, ICCV 2017",
    link="https://arxiv.org/abs/1708.02002",
    equation="eq. 5",
    range=(0, float("inf")),
    suits=("class-imbalance", "absent-classes"),
    soft=True,
    soft_minimum=False,
    exponents=("gamma",),
    label_sets=True,
)
class FocalLoss(PixelLoss):
    r"""Minimises the cross entropy of the pixels that are still hard; range [0, inf).

    Formula:
        L = -mean_i alpha_t (1 - p_t)^gamma log p_t: in multilabel problems a mean over pixels and channels
        p_t: predicted probability of the true label: softmax with `C >= 2` channels, sigmoid with one channel or
            multilabel
        alpha_t: sigmoid modes: option `alpha` for positives, 1 minus it for negatives; multiclass: a list of `C`
            numbers

    When:
        For: a huge easy background, small or rare objects. Against: noisy labels, which are hard pixels too.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Lin et al. 2017 (arXiv 1708.02002), eq. 5; their detector used alpha=0.25, gamma=2.

    Differences:
        From Paddle: with one channel equal to `F.sigmoid_focal_loss(reduction='mean', alpha=0.25)` for alpha=0.25,
        where Paddle's gradient is finite (for gamma < 1 it is NaN at |z| = 200). Paddle sums by default, has no
        ignore_index, and does not accept alpha=None. Multiclass is a softmax here (MONAI and
        segmentation_models.pytorch use C sigmoids); each pixel counts once, without another division by C; a single
        number for alpha is refused there, as libraries disagree about what it means.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import FocalLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(FocalLoss(gamma=2.0)(logits, labels)):.4f}")
        0.4872

    YAML:
        loss:
          types:
            - type: paddleseg_losses.FocalLoss
              gamma: 2.0
          coef: [1]
    """

    alpha: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="balance of the classes: one number for positives (sigmoid modes), a list of C (multiclass)",
    )
    gamma: float = number(default=2.0, low=0.0, help="how strongly easy pixels are down-weighted")

    def formula(self) -> Formula:
        """-(1 - p_t)^gamma log p_t."""
        return focal(self.gamma)

    def balance(self, inputs: Inputs) -> Balance | None:
        """The factors of the labels."""
        if self.alpha is None:
            return None
        if inputs.multiclass:
            alpha = _alpha_of_each_class(self.alpha, inputs.channels)
            return each_class(alpha, inputs, "alpha", "FocalLoss"), 1.0
        positive = _one_alpha(self.alpha, inputs.mode)
        return positive, 1 - positive


def _one_alpha(alpha: tuple[float, ...], mode: str) -> float:
    if len(alpha) != 1 or alpha[0] > 1:
        raise OptionError(
            _("FocalLoss: alpha={alpha} in a {mode} problem.", alpha=list(alpha), mode=mode),
            _("one number in [0, 1], the factor of the positives; negatives get 1 - alpha"),
            _("set alpha: 0.25, for example; class weights are called `weight`"),
        )
    return alpha[0]


def _alpha_of_each_class(alpha: tuple[float, ...], classes: int) -> tuple[float, ...]:
    if len(alpha) == 1:
        raise OptionError(
            _(
                "FocalLoss: alpha={alpha} in a multiclass problem with {classes} classes.",
                alpha=alpha[0],
                classes=classes,
            ),
            _(
                "None or a list of {classes} numbers: libraries disagree on the meaning of a single number",
                classes=classes,
            ),
            _(
                "for two classes write {yaml}; else one number for each class",
                yaml=f"alpha: [{1 - alpha[0]:g}, {alpha[0]:g}]",
            ),
        )
    return fit(alpha, classes, "alpha", "FocalLoss")
