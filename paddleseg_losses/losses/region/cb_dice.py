"""The overlap of skeletons, weighted by the radii of the structures."""

from __future__ import annotations

import paddle

from ...functional.map_sums import picked
from ...functional.radius_sums import radius_sums
from ...functional.region import harmonic_error
from ...inputs import Inputs, Tensor
from ...numeric import smooth_divide
from ...options import flag, number, whole
from ...registry import registered
from ..families import CellLoss


@registered(
    family="region",
    title="Centre-line boundary Dice (cbDice)",
    purpose="vessels of very different widths: centre lines and radii, thin branches as much as thick ones",
    paper="Shi et al., Centerline boundary Dice loss for vascular segmentation, MICCAI 2024",
    link="https://arxiv.org/abs/2407.01517",
    equation="the cbDice loss of the paper",
    range=(0, 1),
    suits=("thin-structures",),
    neighbours=True,
    monotone=False,
    detached=("skeletons, depths and radii",),
    blind=True,
)
class CBDiceLoss(CellLoss):
    r"""Maximises the overlap of centre lines with regions, both weighted by the radii of the structures; range [0, 1).

    Formula:
        L = 1 - (2 T_p T_s) / (T_p + T_s): for each sample and class, then the mean
        T_p = min(1, (sum_i I_p V_g + s) / (sum_i I_p W_p + s)): share of the predicted centre lines that lies deep in
            the true region
        T_s = min(1, (sum_i I_g V_p + s) / (sum_i I_g W_g + s)): share of the true ones that lies deep in the predicted
            region
        V_g, V_p: depth in the true region, and in the predicted one (p > 0.5) times p, over the largest radius R
        I_g, I_p = S (1 - (r - 1) / R)^k: weight of a skeleton S with the radii r, the predicted one times p
        k: exponent, 2 in volumes, else 1
        W_p, W_g: radius over R of the true skeleton or, where that has none, of the predicted one; in W_g the
            predicted one first
        S, R, r: skeleton of one of the regions, its largest radius, and the radius in a pixel

    When:
        For: vessels and other tubes whose widths differ much, beside Dice and cross entropy, each with weight 1.
        Against: alone, as it jumps where a probability crosses 0.5; and structures more than 2 `iters` wide, which
        have no skeleton then.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Shi et al. 2024 (arXiv 2407.01517).

    Differences:
        The authors' code pools the samples and all foreground classes; here each sample and class has a value. Without
        the cut at 1, `cap=False` as in their code, an undecided prediction full of holes can score better than a
        perfect one. Their loss is the negative score, here 1 is added. A region that fills the image is 1 deep
        everywhere.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import CBDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(CBDiceLoss()(logits, labels)):.4f}")
        0.2378

    YAML:
        loss:
          types:
            - type: CBDiceLoss
              iters: 10
          coef: [1]
    """

    iters: int = whole(default=10, low=0, high=10_000, help="erosions: at least the largest radius in pixels")
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerators and denominators")
    cap: bool = flag(default=True, help="whether neither share exceeds 1")
    include_background: bool = flag(default=False, help="whether class 0 of a multiclass problem counts")

    def cells(self, inputs: Inputs) -> Tensor:
        """1 - cbDice."""
        indices = self.channel_indices(inputs)
        skip = min(indices)
        precise, predicted, sensitive, true, nan = radius_sums(inputs, skip, self.iters)
        value = harmonic_error(self._error(precise, predicted), self._error(sensitive, true)) + nan
        return picked(value, [c - skip for c in indices])

    def _error(self, covered: Tensor, whole: Tensor) -> Tensor:
        """1 - a share."""
        error = smooth_divide(whole - covered, whole, self.smooth)
        return paddle.nn.functional.relu(error) if self.cap else error
