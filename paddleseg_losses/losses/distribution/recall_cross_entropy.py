"""Cross entropy in which a class weighs as much as its pixels are missed."""

from __future__ import annotations

from ...functional.misses import miss_rates
from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...functional.pixelwise import Balance
from ...inputs import Inputs
from ...options import fixed
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    title="Recall cross entropy",
    purpose="imbalance without weights to choose: each class weighs as much as the share of its pixels that is missed",
    paper="Tian et al., Striking the right balance: recall loss for semantic segmentation, ICRA 2022",
    link="https://arxiv.org/abs/2106.14917",
    equation="the recall loss of the paper",
    range=(0, float("inf")),
    suits=("class-imbalance", "missed-objects", "small-objects"),
    batchwise=True,
    counts_unweighted=True,
    detached=("R",),
)
class RecallCrossEntropyLoss(PixelLoss):
    r"""Minimises cross entropy weighted by the share of each class that is missed in the batch; range [0, inf).

    Formula:
        L = mean_i [-R_{y_i} log p_t]: in multilabel problems a mean over pixels and channels
        R_c = (max(M_c, 1)) / (max(V_c, 1)): share of the class that is missed; carries no gradient
        M_c: number of pixels of class `c` in the batch for which another class is most likely
        V_c: number of valid pixels of class `c` in the batch
        p_t: predicted probability of the true label; with a sigmoid the classes are the labels 0 and 1 of the channel

    When:
        For: rare classes whose weights nobody knows: a class weighs less as it is found. Against: precision that must
        not fall; false alarms cost less the better the background is found.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Tian et al. 2022 (arXiv 2106.14917).

    Differences:
        Equal to the authors' code where nothing is ignored. There an ignored label is an index out of range, or counts
        for another class; here it is left out. That a class without a miss keeps the weight 1 / V_c is theirs.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import RecallCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(RecallCrossEntropyLoss()(logits, labels)):.4f}")
        0.8955

    YAML:
        loss:
          types:
            - type: RecallCrossEntropyLoss
          coef: [1]
    """

    label_smoothing: float = fixed(0.0)

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY

    def balance(self, inputs: Inputs) -> Balance | None:
        """The share of each label's pixels that is missed."""
        return miss_rates(inputs.unweighted)
