"""The boundary F1 score, made differentiable."""

from __future__ import annotations

from ...functional.boundary_f1 import boundary_f1_errors
from ...inputs import Inputs, Tensor
from ...options import number, whole
from ...registry import registered
from ..families import CellLoss


@registered(
    family="boundary",
    title="Boundary F1",
    purpose="boundaries that lie within a few pixels of the true ones, as the BF score counts them",
    paper="Bokhovkin and Burnaev, Boundary loss for remote sensing imagery semantic segmentation, ISNN 2019",
    link="https://arxiv.org/abs/1905.07852",
    equation="the boundary F1 loss of the paper",
    range=(0, 1),
    suits=("ragged-boundaries", "small-objects"),
    neighbours=True,
    monotone=False,
    outlines_only=True,
)
class BoundaryF1Loss(CellLoss):
    r"""Maximises the F1 score of the predicted boundary; range [0, 1).

    Formula:
        L = 1 - (2 P_b R_b) / (P_b + R_b): for each sample and class, then the mean
        P_b = (sum_i b_p w_g + s) / (sum_i b_p + s): precision of the predicted boundary
        R_b = (sum_i b_g w_p + s) / (sum_i b_g + s): recall of the true boundary
        b_p, b_g: boundaries of prediction and truth: how far a pixel lies above the least one in a square of side
            `theta0` around it (in volumes a cube, in 1-D a section)
        w_p, w_g: the largest of these in such a square of side `theta`

    When:
        For: outlines of many small objects, such as buildings, beside cross entropy or an overlap. Against: alone, as
        it does not see which side of a boundary the object is on.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Bokhovkin and Burnaev 2019 (arXiv 1905.07852).

    Differences:
        s is added to numerators and denominators, as in Dice, where public code adds 1e-7 to the denominators: a class
        without a boundary then costs 1 and has no gradient. smooth=1e-7 is equal to it where every class is present.
        The border of the image is no boundary, the rim of an ignored region is one.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BoundaryF1Loss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(BoundaryF1Loss()(logits, labels)):.4f}")
        0.1990

    YAML:
        loss:
          types:
            - type: BoundaryF1Loss
              theta: 5
          coef: [1]
    """

    theta0: int = whole(
        default=3, low=1, odd=True, help="side in pixels of the square (or cube) that makes a boundary of a region"
    )
    theta: int = whole(
        default=5, low=1, odd=True, help="side in pixels of the square (or cube) in which a boundary is found"
    )
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerators and denominators")

    def cells(self, inputs: Inputs) -> Tensor:
        """1 - F1."""
        width, reach = (2 * inputs.problem.reach(side // 2) + 1 for side in (self.theta0, self.theta))
        return boundary_f1_errors(inputs, self.channel_indices(inputs), width, reach, self.smooth)
