"""The Lovász extension of 1 - IoU, over softmax errors."""

from __future__ import annotations

from ... import numeric
from ...functional import lovasz
from ...inputs import Inputs, Tensor
from ...options import class_subset, flag, numbers_or_none
from ...registry import registered
from ..families import ScalarLoss, each_class, pick


@registered(
    family="region",
    order=9,
    title="Lovász-Softmax",
    purpose="optimise mIoU directly, often to fine-tune after cross entropy",
    paper="Berman et al., The Lovász-Softmax loss, CVPR 2018",
    link="https://arxiv.org/abs/1705.08790",
    equation="Algorithm 1",
    range=(0, 1),
    modes=("multiclass",),
    suits=("miou-metric", "absent-classes", "stalled-training"),
    sorts=True,
    batchwise=True,
    detached=("increments of the Jaccard loss",),
    label_sets=True,
)
class LovaszSoftmaxLoss(ScalarLoss):
    r"""Minimises 1 - mIoU through its convex extension; range [0, 1].

    Formula:
        L = mean_c sum_{j=1}^V m_j (J_j - J_{j-1}): over the classes that count
        m_j: the errors `|g_{i,c} - p_{i,c}|` of the valid pixels, sorted decreasingly: `m_1` is the largest
        J_j: Jaccard loss if exactly the `j` pixels with the largest errors were wrong; `J_0 = 0`
        j: place in that order

    When:
        For: mIoU is the metric and cross entropy has stopped improving. Against: training from scratch with noisy
        gradients, and very large volumes, as it sorts all pixels of each class.

    Shape:
        logits: `[N, C, *S]`, C >= 2, with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D.

    Reference:
        Berman et al. 2018 (arXiv 1705.08790), Algorithm 1.

    Differences:
        None from the paper. On hard 0/1 probabilities it is exactly 1 - mIoU. Articles that call
        "cross entropy + Lovász hinge" Lovász-Softmax describe another loss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import LovaszSoftmaxLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(LovaszSoftmaxLoss()(logits, labels)):.4f}")
        0.5005

    YAML:
        loss:
          types:
            - type: paddleseg_losses.LovaszSoftmaxLoss
              classes: present
          coef: [1]
    """

    classes: str | tuple[int, ...] = class_subset(
        default="present",
        help="classes that count: all, those present in the labels, or a list",
    )
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the sum is divided by the number of classes",
    )
    per_image: bool = flag(
        default=False, help="sort the pixels of each image by themselves, not those of the whole batch"
    )

    def value(self, inputs: Inputs) -> Tensor:
        """Mean over classes (and images) of the Lovász extension."""
        wanted = None
        if not isinstance(self.classes, str):
            wanted = pick(self.classes, list(range(inputs.channels)), inputs.channels, type(self).__name__)
        cells, sizes = lovasz.softmax_rows(inputs, self.per_image, wanted, self.classes == "present")
        if self.classes == "present":
            counts = (sizes > 0).astype(cells.dtype)
        else:
            chosen = [float(wanted is None or c in wanted) for c in range(inputs.channels)]
            counts = numeric.constant([chosen], cells.dtype).expand_as(cells)
        if self.weight is not None:
            cells = cells * each_class(self.weight, inputs, "weight", type(self).__name__)
        return numeric.safe_divide((cells * counts).sum(axis=1), counts.sum(axis=1)).mean()
