"""Cross entropy with errors weighted by how near they are to the true boundaries."""

from __future__ import annotations

from ...functional.boundary_proximity import region_proximity
from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...inputs import Inputs, Tensor
from ...options import flag
from ...registry import registered
from ..families import PixelLoss, Spaced


@registered(
    family="distribution",
    order=6,
    title="Distance-map penalised cross entropy",
    purpose="hard-to-see boundaries: pixels near the true boundary count up to twice",
    paper="Caliva et al., Distance map loss penalty term for semantic segmentation, MIDL 2019",
    link="https://arxiv.org/abs/1908.03679",
    equation="the penalised cross entropy of the paper",
    range=(0, float("inf")),
    suits=("ragged-boundaries",),
    neighbours=True,
    label_maps="DistanceMaps",
)
class DistancePenalizedCELoss(Spaced, PixelLoss):
    r"""Minimises cross entropy with pixels near the true boundary weighted up to twice; range [0, inf).

    Formula:
        L = (1 / V) sum_i (1 + Phi_i) CE_i
        Phi_i = (max d - d_i) / (max d - min d): 1 on the boundary and 0 at the deepest pixel of the region; 0 in a
            region that fills the image
        Phi_i = max d - d_i: with `normalize=False`
        d: distance of a pixel to the nearest pixel outside its class region of the truth; maximum and minimum are those
            of the region

    When:
        For: boundaries that are hard to see, while the inside is easy. Against: thin structures, which are all
        boundary.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.
            `paddleseg_losses.transforms` computes the maps where the data is loaded.

    Reference:
        Caliva et al. 2019 (arXiv 1908.03679); Jadon 2020 (arXiv 2006.14822).

    Differences:
        The maps come from the truth alone, not from a distance between truth and prediction as some articles say. The
        paper has two regions; with more classes each has its own. It does not say how the map is scaled:
        normalize=False keeps pixels (or the unit of `spacing`).

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DistancePenalizedCELoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DistancePenalizedCELoss()(logits, labels)):.4f}")
        1.7910

    YAML:
        loss:
          types:
            - type: DistancePenalizedCELoss
          coef: [1]
    """

    normalize: bool = flag(default=True, help="scale the map of each region to [0, 1]")

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY

    def adjust(self, inputs: Inputs, values: Tensor) -> Tensor:
        """(1 + Phi) CE."""
        return values * (1 + region_proximity(inputs, self.normalize, self.pixel_size(inputs)))
