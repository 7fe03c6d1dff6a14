"""Probability mass times the signed distance to the true boundary."""

from __future__ import annotations

from ...functional.distance_weighted import boundary_sums
from ...inputs import Inputs, Tensor
from ...registry import registered
from ..families import MapLoss, Spaced


@registered(
    family="boundary",
    order=5,
    title="Boundary",
    purpose="boundaries that are off, added to a region loss with a growing weight",
    paper="Kervadec et al., Boundary loss for highly unbalanced segmentation, MIDL 2019",
    link="https://arxiv.org/abs/1812.07032",
    equation="the boundary loss of the paper",
    range=(-float("inf"), float("inf")),
    suits=("ragged-boundaries", "far-errors"),
    neighbours=True,
    label_maps="DistanceMaps",
)
class BoundaryLoss(Spaced, MapLoss):
    r"""Minimises probability mass far outside, and maximises it deep inside, the true region; range (-inf, inf).

    Formula:
        L = mean_i p_i phi_i: then the mean over samples and classes
        phi: distance to the true region outside it, minus (the distance to its outside - 1) inside it; 0 for a class
            that is absent or fills the image

    When:
        For: fine-tuning boundaries together with Dice or cross entropy, with a weight that grows from 0.01 or so.
        Against: alone, as an empty prediction already scores well.

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

    def map_sums(self, inputs: Inputs, skip: int) -> Tensor:
        """P phi."""
        return boundary_sums(inputs, skip, self.pixel_size(inputs))
