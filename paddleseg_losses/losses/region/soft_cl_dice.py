"""Overlap of centre lines: topology of thin structures."""

from __future__ import annotations

from ...functional.centerline import centerline_sums
from ...functional.error_sums import pixel_count
from ...functional.region import harmonic_error
from ...inputs import Inputs, Tensor
from ...numeric import smooth_divide
from ...options import flag, number, numbers_or_none, whole
from ...registry import registered
from ..families import ScalarLoss, each_class


@registered(
    family="region",
    order=15,
    title="Centre-line Dice (clDice)",
    purpose="vessels, roads, cracks: connected centre lines matter, not the width",
    paper="Shit et al., clDice, CVPR 2021",
    link="https://arxiv.org/abs/2003.07311",
    equation="the soft clDice of the paper",
    range=(0, 1),
    suits=("thin-structures",),
    neighbours=True,
    monotone=False,
)
class SoftCLDiceLoss(ScalarLoss):
    r"""Maximises the overlap of each soft centre line with the other region; range [0, 1).

    Formula:
        L = 1 - (2 T_p T_s) / (T_p + T_s): for each sample, then the mean
        T_p = (sum_i S_p g_i + s) / (sum_i S_p + s): share of the predicted centre lines that lies in the true region
        T_s = (sum_i S_g p_i + s) / (sum_i S_g + s): share of the true centre lines that lies in the predicted region
        S_p, S_g: soft skeletons of prediction and truth, by `iters` soft erosions and openings; sums are over all
            classes that count

    When:
        For: thin connected structures, as (1 - a) Dice + a clDice with a = 0.5 or less. Against: alone, as it hardly
        sees the width; and blobs.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D.

    Reference:
        Shit et al. 2021 (arXiv 2003.07311).

    Differences:
        The authors' code pools the batch; here the loss is the mean over samples. `iters` should reach half the width
        of the thickest structure; the authors' class ignores its argument and always takes 10. Outside the image is
        neutral in erosion and dilation.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SoftCLDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SoftCLDiceLoss()(logits, labels)):.4f}")
        0.2806

    YAML:
        loss:
          types:
            - type: SoftCLDiceLoss
              iters: 3
          coef: [1]
    """

    iters: int = whole(
        default=3,
        low=0,
        help="soft erosions: half the width of the thickest structure",
    )
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerators and denominators")
    include_background: bool = flag(default=True, help="whether class 0 of a multiclass problem counts")
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None, help="weight of each class in the sums over classes, a list of C"
    )

    def value(self, inputs: Inputs) -> Tensor:
        """1 - clDice of each sample, averaged."""
        skip = 1 if inputs.has_background and not self.include_background else 0
        precision_error, predicted, sensitivity_error, true = (
            self._added(sums, inputs) for sums in centerline_sums(inputs, skip, self.iters)
        )
        a, b = self._outside(precision_error, predicted), self._outside(sensitivity_error, true)
        value = harmonic_error(a, b)
        valid = pixel_count(inputs).sum(axis=1) > 0
        return (value * valid.astype(value.dtype)).mean()

    def _added(self, sums: Tensor, inputs: Inputs) -> Tensor:
        """The sum over the classes that count, with their weights."""
        if self.weight is not None:
            weight = each_class(self.weight, inputs, "weight", type(self).__name__)
            sums = sums * weight[:, -sums.shape[1] :]
        return sums.sum(axis=1)

    def _outside(self, outside: Tensor, whole: Tensor) -> Tensor:
        """Fraction of each sample's centerlines that lies outside a region; 0 for an empty one."""
        return smooth_divide(outside, whole, self.smooth)
