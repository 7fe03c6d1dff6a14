"""Distances to the true boundary as prices: of probability mass and of overlap."""

from __future__ import annotations

import paddle

from ...functional.contours import rim_counts
from ...functional.distance_weighted import boundary, boundary_sums
from ...functional.error_sums import Moment
from ...functional.region_sums import SQUARED, squared_sums
from ...inputs import Inputs, Tensor
from ...options import number
from ...registry import registered
from ..families import MapLoss, NumberLoss, Spaced


@registered(
    family="boundary",
    title="Boundary",
    title_zh="边界损失",
    purpose="boundaries that are off, added to a region loss with a growing weight",
    purpose_zh="边界偏移；与区域损失相加并逐步增大权重",
    paper="Kervadec et al., Boundary loss for highly unbalanced segmentation, MIDL 2019",
    link="https://arxiv.org/abs/1812.07032",
    equation="the boundary loss of the paper",
    range=(-float("inf"), float("inf")),
    suits=("ragged-boundaries", "far-errors"),
    neighbours=True,
    label_maps=True,
)
class BoundaryLoss(Spaced, MapLoss):
    r"""Minimises probability mass far outside, and maximises it deep inside, the true region; range (-inf, inf).

    Formula:
        L = mean over valid pixels of p phi, then over samples and classes; phi is the distance to the true region
        outside it, and minus (the distance to its outside - 1) inside it. A class that is absent, or fills the image,
        has phi = 0.

    When:
        For: fine-tuning boundaries beside Dice or cross entropy, with a weight that grows from 0.01 or so. Against:
        alone, as an empty prediction is a good start for it.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'. Distances are in pixels, or in the
            unit of `spacing`; `paddleseg_losses.transforms` computes the maps where the data is loaded.

    Reference:
        Kervadec et al. 2019 (arXiv 1812.07032).

    Differences:
        None. With `spacing`, phi is in its unit and the 1 is the smallest spacing. Some code normalises phi or sets
        it to 0 on the rim alone.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BoundaryLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(BoundaryLoss()(logits, labels)):.4f}")
        0.0266

    YAML:
        loss:
          types:
            - type: BoundaryLoss
          coef: [1]
    """

    def pixels(self, p: Tensor, g: Tensor) -> Tensor:
        """P phi."""
        return boundary(p, g, self.pixel_size(p.ndim - 2))

    def native_sums(self, inputs: Inputs, skip: int) -> Tensor | None:
        """The same in one pass over each map."""
        return boundary_sums(inputs, skip, self.pixel_size(inputs.source.logits.ndim - 2))


@registered(
    family="boundary",
    title="Boundary difference over union",
    title_zh="边界差异交并损失（Boundary DoU）",
    purpose="boundaries of objects of any size, without a distance map",
    purpose_zh="不同大小目标的边界，无需距离图",
    paper="Sun et al., Boundary difference over union loss, MICCAI 2023",
    link="https://arxiv.org/abs/2308.00220",
    equation="the boundary DoU loss of the paper",
    range=(0, 1),
    suits=("ragged-boundaries",),
    one_vs_rest=False,
    neighbours=True,
    batchwise=True,
    slack=1e-05,
)
class BoundaryDoULoss(NumberLoss):
    r"""Minimises the difference of prediction and truth over their union without most of the inside; range [0, 1].

    Formula:
        L = (S - 2 I + s) / (S - (1 + a) I + s) for each class over the batch, then the mean; S = sum p^2 + sum g^2, I
        = sum p g, a = min(1 - 2 C / A, max_alpha) with A pixels in the true region, C of them on its rim.

    When:
        For: boundaries, at the price of a Dice loss. Against: a class that is absent: it costs a constant 1.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D.

    Reference:
        Sun et al. 2023 (arXiv 2308.00220).

    Differences:
        None from the code: for objects one pixel wide a is -1, outside the interval that the paper states, and the
        loss is a squared Dice.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BoundaryDoULoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(BoundaryDoULoss()(logits, labels)):.4f}")
        0.5510

    YAML:
        loss:
          types:
            - type: BoundaryDoULoss
          coef: [1]
    """

    smooth: float = number(
        default=1e-5, low=0.0, open_low=True, help="s, added to numerator and denominator", zh="平滑项 s"
    )
    max_alpha: float = number(
        default=0.8, low=0.0, high=1.0, help="largest share of the inside left out", zh="内部忽略比例的上限"
    )

    def moments(self, inputs: Inputs) -> tuple[Moment, ...]:
        """What `squared_sums` reads."""
        return SQUARED

    def number(self, inputs: Inputs) -> Tensor:
        """Mean over classes of the difference over the reduced union."""
        sums = inputs.once(squared_sums).pooled()
        with paddle.no_grad():
            edge = rim_counts(inputs).sum(axis=0)
            alpha = (1 - 2 * (edge + self.smooth) / (sums.g2 + self.smooth)).clip(max=self.max_alpha)
        error = sums.error2 + self.smooth
        cells = error / (error + (1 - alpha) * sums.pg)
        return paddle.where(sums.count > 0, cells, paddle.zeros_like(cells)).mean()
