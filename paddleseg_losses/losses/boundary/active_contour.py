"""Active contours: short boundaries around the right regions."""

from __future__ import annotations

from ...functional.active_contour import active_contour_errors
from ...inputs import Inputs, Tensor
from ...options import number
from ...registry import registered
from ..families import CellLoss


@registered(
    family="boundary",
    title="Active contour",
    purpose="smooth outlines and no speckle: every boundary that is drawn has a price",
    paper="Chen et al., Learning active contour models for medical image segmentation, CVPR 2019",
    link="https://openaccess.thecvf.com/content_CVPR_2019/html/"
    "Chen_Learning_Active_Contour_Models_for_Medical_Image_Segmentation_CVPR_2019_paper.html",
    equation="eq. 9 to 12 of the paper",
    range=(0, float("inf")),
    suits=("ragged-boundaries", "false-alarms"),
    neighbours=True,
    monotone=False,
    perfect_is_minimum=False,
)
class ActiveContourLoss(CellLoss):
    r"""Minimises the length of the predicted boundary and the error inside and outside; range [0, inf).

    Formula:
        L = lambda_length E + lambda_region R: for each sample and class, then the mean
        E = mean_k (sqrt(S_k + eps) - sqrt(eps)): length of the predicted boundary
        S_k: squared slope of p in square `k`: along each axis the mean of its squared differences, added up
        k: a square of 2x2 neighbouring pixels that all count (in volumes a cube, in 1-D a pair)
        R = mean_i (p_i (1 - g_i)^2 + (1 - p_i) g_i^2): error inside and outside

    When:
        For: ragged outlines and speckle, which have much boundary. Against: the first steps of a training, in which its
        authors found it unstable: start from a trained model, or with a `schedule`.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Chen et al. 2019 (CVPR), eq. 9 to 12.

    Differences:
        Means, as in the authors' code, where the paper has sums. Their code pairs differences of different places and
        leaves out two rows and columns; here all differences of a square of pixels belong together, so that flips and
        transposes change nothing. sqrt(eps) is subtracted: a flat image has length 0. The perfect prediction costs the
        length of the true boundary.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import ActiveContourLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(ActiveContourLoss()(logits, labels)):.4f}")
        0.7170

    YAML:
        loss:
          types:
            - type: ActiveContourLoss
              lambda_length: 1.0
          coef: [1]
    """

    lambda_length: float = number(default=1.0, low=0.0, help="weight of the length")
    lambda_region: float = number(default=1.0, low=0.0, help="weight of the error inside and outside")
    eps: float = number(default=1e-8, low=0.0, open_low=True, help="added under the root, which bounds its slope")

    def cells(self, inputs: Inputs) -> Tensor:
        """The weighted sum of the two."""
        channels = self.channel_indices(inputs)
        return active_contour_errors(inputs, channels, self.lambda_length, self.lambda_region, self.eps)
