"""Overlap in which confusions have different prices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...functional.confusion import confusion_sums
from ...functional.error_sums import COUNT, POSITIVE, SumSpec, sum_of
from ...inputs import Inputs, Tensor
from ...numeric import smooth_divide
from ...options import choice, matrix_or_none, number
from ...registry import registered
from ..families import ScalarLoss, fit


@registered(
    family="region",
    order=14,
    title="Generalized Wasserstein Dice",
    purpose="classes that are more or less alike: confusing near ones costs less",
    paper="Fidon et al., Generalised Wasserstein Dice score, BrainLes 2017",
    link="https://arxiv.org/abs/1707.00478",
    equation="eq. 6 and 9",
    range=(0, 1),
    modes=("multiclass",),
    suits=("unequal-confusions", "small-objects"),
    one_vs_rest=False,
    background_special=True,
)
class GeneralizedWassersteinDiceLoss(ScalarLoss):
    r"""Minimises the expected cost of confusions relative to the remaining overlap; range [0, 1).

    Formula:
        L = 1 - (2 TP + s) / (2 TP + sum_i W_i + s): for each sample, then the mean
        L = 1 - (2 sum_i a_i (1 - W_i) + s) / (sum_i a_i (2 - W_i) + s): with `weighting_mode='GDL'`
        W_i = sum_c M_{y_i,c} p_{i,c}: expected cost of pixel `i`
        M: option `dist_matrix`, scaled to a maximum of 1
        TP = sum_{i in F} (1 - W_i): overlap
        F: the foreground pixels
        a_i = 1 / (n_i + 1): weight of pixel `i`
        n_i: number of pixels of its class in the sample

    When:
        For: a hierarchy of classes, such as the parts of a tumour. Against: when all confusions are equally bad.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D.

    Reference:
        Fidon et al. 2017 (arXiv 1707.00478), eq. 6 and 9; the weights of 'GDL': Tilborghs et al. 2020
        (arXiv 2007.15546).

    Differences:
        The paper and NiftyNet weigh the true positives of class c by M[0, c]. Here, as in the authors' PyTorch code,
        their weight is 1, so give every confusion with the background the cost 1 (after scaling). That code has s =
        2.2e-16. Rows of the matrix are the true class, so it may be asymmetric; class 0 must be the background. Without
        a matrix every confusion costs 1.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import GeneralizedWassersteinDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> loss = GeneralizedWassersteinDiceLoss(dist_matrix=[[0, 1, 1], [1, 0, 0.5], [1, 0.5, 0]])
        >>> print(f"{float(loss(logits, labels)):.4f}")
        0.4162

    YAML:
        loss:
          types:
            - type: GeneralizedWassersteinDiceLoss
              dist_matrix: [[0, 1, 1, 1], [1, 0, 0.5, 1], [1, 0.5, 0, 0.5], [1, 1, 0.5, 0]]
          coef: [1]
    """

    dist_matrix: tuple[tuple[float, ...], ...] | None = matrix_or_none(
        default=None,
        help="cost of predicting the column where the row is true, C x C with zeros on the diagonal",
    )
    weighting_mode: str = choice(
        default="default", of=("default", "GDL"), help="whether small classes get larger weights"
    )
    smooth: float = number(default=1e-5, low=0.0, help="s, added to numerator and denominator")

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """The number of pixels of each class."""
        return (SumSpec(POSITIVE, COUNT),)

    def value(self, inputs: Inputs) -> Tensor:
        """Cost over cost and overlap, of each sample."""
        cost, count = confusion_sums(inputs, self._matrix(inputs.channels)), sum_of(inputs, POSITIVE, COUNT)
        overlap = count - cost
        if self.weighting_mode == "GDL":
            rarity = 1 / (count + 1)
            cost, overlap = cost * rarity, overlap * rarity
        else:
            overlap = overlap[:, 1:]
        error, overlap = cost.sum(axis=1), overlap.sum(axis=1)
        return smooth_divide(error, 2 * overlap + error, self.smooth).mean()

    def _matrix(self, classes: int) -> Any:
        """The matrix scaled to a maximum of 1."""
        if self.dist_matrix is None:
            return 1 - np.eye(classes)
        fit(self.dist_matrix, classes, "dist_matrix", type(self).__name__)
        return np.asarray(self.dist_matrix) / np.max(self.dist_matrix)
