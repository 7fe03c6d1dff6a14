"""Predicted boundaries that move towards the true ones, a pixel at a time."""

from __future__ import annotations

from ...functional.active_boundary import Aims, Rules, active_boundary, boundary_aims
from ...inputs import Inputs, Tensor
from ...options import number
from ...registry import registered
from ..families import ScalarLoss


@registered(
    family="boundary",
    title="Active boundary",
    purpose="refines boundaries late in training: each predicted one is pushed towards the true one",
    paper="Wang et al., Active boundary loss for semantic segmentation, AAAI 2022",
    link="https://arxiv.org/abs/2102.02696",
    equation="eq. 1 to 5",
    range=(0, float("inf")),
    suits=("ragged-boundaries",),
    neighbours=True,
    batchwise=True,
    monotone=False,
    perfect_is_minimum=False,
    blind=True,
    sided=True,
    detached=("B", "D", "probabilities of the neighbours"),
    held=("aims",),
)
class ActiveBoundaryLoss(ScalarLoss):
    r"""Moves each predicted boundary one pixel towards the true one; range [0, inf).

    Formula:
        L = 1 / |B| sum_{i in B} (min(D_i, d) / d) l_i
        l_i = log sum_j exp(k_{i,j}) - k_{i,a}: cross entropy of the neighbours, whose target `label_smoothing` softens
        k_{i,j} = sum_c p_{j,c} log(p_{j,c} / p_{i,c}): how unlike its neighbour the pixel is; `p_j` carries no gradient
        j: a neighbour of the pixel inside the image, diagonal ones too
        a: the neighbour that is nearest to the true boundary
        B: pixels on predicted boundaries, where p changes most from one pixel to the next, and those around them
        D_i: distance of the pixel to the nearest one on a true boundary
        d: option `max_distance`

    When:
        For: outlines that are right but not exact, late in training, beside cross entropy and Lovász. Against: alone,
        or from the start: it only moves boundaries that are there.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`: then the mean over the channels.
        output: 0-D.

    Reference:
        Wang et al. 2022 (arXiv 2102.02696).

    Differences:
        From the authors' code, which runs on CUDA alone: exact distances, where it rounds them down by one pixel; B
        holds a share of the pixels of each image, where theirs takes one image's number for the whole batch; neighbours
        outside the image or ignored are left out, where it repeats the edge and reads ignored pixels; the smoothed
        target sums to 1; without a boundary the value is 0, not None. A perfect prediction does not reach 0: the pixels
        around its boundary are pulled too.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import ActiveBoundaryLoss
        >>> logits = paddle.to_tensor([[[[3.0, 3.0, 3.0, 3.0, -3.0, -3.0]]]])
        >>> labels = paddle.to_tensor([[[1, 1, 0, 0, 0, 0]]])
        >>> print(f"{float(ActiveBoundaryLoss()(logits, labels)):.4f}")
        0.1119

    YAML:
        loss:
          types:
            - type: ActiveBoundaryLoss
          coef: [1]
    """

    max_distance: float = number(
        default=20.0, low=0.0, open_low=True, help="distance in pixels from which pixels count fully"
    )
    boundary_ratio: float = number(
        default=0.01, low=0.0, high=1.0, help="share of the pixels of an image that its boundaries start from"
    )
    label_smoothing: float = number(
        default=0.2, low=0.0, high=1.0, help="share of the target that is spread over all neighbours"
    )

    def value(self, inputs: Inputs) -> Tensor:
        """The mean over the predicted boundary."""
        return active_boundary(inputs, self._rules, self.aims)

    def aims(self, inputs: Inputs) -> Aims:
        """The predicted boundary, and where its pixels should move."""
        return boundary_aims(inputs, self._rules)

    @property
    def _rules(self) -> Rules:
        return Rules(self.boundary_ratio, self.max_distance, self.label_smoothing)
