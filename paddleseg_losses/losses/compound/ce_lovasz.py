"""Cross entropy and Lovász loss, added."""

from __future__ import annotations

from ...inputs import Inputs
from ...options import number, numbers_or_none
from ...registry import registered
from ..base import Loss
from ..distribution.cross_entropy import CrossEntropyLoss
from ..families import SumOfLosses
from ..region.lovasz_hinge import LovaszHingeLoss
from ..region.lovasz_softmax import LovaszSoftmaxLoss


@registered(
    family="compound",
    order=4,
    title="Cross entropy + Lovász",
    purpose="mIoU is the metric, from the first iteration on",
    paper="Berman et al., The Lovász-Softmax loss, CVPR 2018",
    link="https://arxiv.org/abs/1705.08790",
    equation="its loss, added to cross entropy",
    range=(0, float("inf")),
    suits=("miou-metric", "absent-classes"),
    one_vs_rest=False,
    sorts=True,
    batchwise=True,
    detached=("increments of the Jaccard loss",),
    label_sets=True,
)
class CELovaszLoss(SumOfLosses):
    r"""Minimises cross entropy and the Lovász extension of 1 - IoU together; range [0, inf).

    Formula:
        L = w_ce CE + w_lovasz L_lovasz
        w_ce: option `ce_weight`
        w_lovasz: option `lovasz_weight`
        L_lovasz: LovaszSoftmaxLoss for competing classes, LovaszHingeLoss for one channel or multilabel

    When:
        For: mIoU as the metric without a separate fine-tuning. Against: tight time budgets; every class is sorted.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Berman et al. 2018 (arXiv 1705.08790).

    Differences:
        Adding the two with equal weights is common practice, not a formula of the paper. Some articles call this sum
        "Lovász-Softmax", which it is not.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import CELovaszLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(CELovaszLoss()(logits, labels)):.4f}")
        1.3960

    YAML:
        loss:
          types:
            - type: CELovaszLoss
          coef: [1]
    """

    ce_weight: float = number(default=1.0, low=0.0, help="weight of the cross entropy")
    lovasz_weight: float = number(default=1.0, low=0.0, help="weight of the Lovász term")
    weight: tuple[float, ...] | None = numbers_or_none(default=None, help="weight of each class in both terms")

    def setup(self) -> None:
        """The terms."""
        kinds = (CrossEntropyLoss, LovaszSoftmaxLoss, LovaszHingeLoss)
        self.entropy, self.softmax, self.hinge = (kind(weight=self.weight) for kind in kinds)

    def weighted(self, inputs: Inputs) -> dict[str, tuple[float, Loss]]:
        """Lovász, and cross entropy, which then reads the shares that Lovász keeps."""
        lovasz = self.softmax if inputs.multiclass else self.hinge
        return {
            "lovasz": (self.lovasz_weight, lovasz),
            "cross_entropy": (self.ce_weight, self.entropy),
        }
