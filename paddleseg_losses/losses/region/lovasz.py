"""Convex extensions of the Jaccard loss."""

from __future__ import annotations

import paddle

from ... import numeric
from ...errors import InputError
from ...functional import lovasz
from ...inputs import Inputs, Tensor
from ...options import class_subset, flag, only
from ...registry import registered
from ..families import NumberLoss, pick


@registered(
    family="region",
    title="Lovász-Softmax",
    title_zh="Lovász-Softmax 损失",
    purpose="optimise mIoU directly, often to fine-tune after cross entropy",
    purpose_zh="直接优化 mIoU，常用于交叉熵之后的微调",
    paper="Berman et al., The Lovász-Softmax loss, CVPR 2018",
    link="https://arxiv.org/abs/1705.08790",
    equation="Algorithm 1",
    range=(0, 1),
    modes=("multiclass",),
    suits=("miou-metric", "absent-classes", "stalled-training"),
    sorts=True,
    batchwise=True,
    detached=("increments of the Jaccard loss",),
)
class LovaszSoftmaxLoss(NumberLoss):
    r"""Minimises 1 - mIoU through its convex extension; range [0, 1].

    Formula:
        For each class c the errors m_i = |g_ic - p_ic| of the valid pixels are sorted decreasingly and multiplied
        with the increments of the Jaccard loss along that order; L is the mean over the classes that count.

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
        zh="参与计算的类别：all、present（标签中出现的）或列表",
    )
    per_image: bool = flag(
        default=False, help="one sort for each image instead of one for the batch", zh="是否逐图计算"
    )

    def number(self, inputs: Inputs) -> Tensor:
        """Mean over classes (and images) of the Lovász extension."""
        wanted = None
        if not isinstance(self.classes, str):
            wanted = pick(self.classes, list(range(inputs.channels)), inputs.channels, type(self).__name__)
        cells, sizes = lovasz.softmax_rows(inputs, self.per_image, wanted, self.classes == "present")
        if self.classes == "present":
            counts = (sizes > 0).astype(cells.dtype)
        else:
            chosen = [float(wanted is None or c in wanted) for c in range(inputs.channels)]
            counts = paddle.to_tensor([chosen], dtype=cells.dtype).expand_as(cells)
        return numeric.safe_divide((cells * counts).sum(axis=1), counts.sum(axis=1)).mean()


@registered(
    family="region",
    title="Lovász hinge",
    title_zh="Lovász 铰链损失",
    purpose="optimise the IoU of one foreground class, or of each label",
    purpose_zh="直接优化单一前景（或每个标签）的 IoU",
    paper="Berman et al., The Lovász-Softmax loss, CVPR 2018",
    link="https://arxiv.org/abs/1705.08790",
    equation="Algorithm 1, with hinge errors",
    most_classes=2,
    logits_only=("binary", "multiclass", "multilabel"),
    range=(0, float("inf")),
    suits=("miou-metric",),
    sorts=True,
    batchwise=True,
    detached=("increments of the Jaccard loss",),
)
class LovaszHingeLoss(NumberLoss):
    r"""Minimises 1 - IoU of the foreground through its convex extension over hinge errors; range [0, inf).

    Formula:
        The errors max(0, 1 - z_i (2 y_i - 1)) of the valid pixels are sorted decreasingly and multiplied with the
        increments of the Jaccard loss along that order; L is the mean over the channels (and images, with per_image).

    When:
        For: one foreground class whose IoU is the metric. Against: probabilities; it works on margins, and its logits
        are not calibrated.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]` with C = 1 or 2; multilabel `[N, C, *S]`.
        output: 0-D.

    Reference:
        Berman et al. 2018 (arXiv 1705.08790), Algorithm 1 with hinge errors.

    Differences:
        None. Two channels with index labels mean the logit z_1 - z_0. Several labels: one sort for each channel
        (segmentation_models.pytorch throws all channels into one). More than two competing classes:
        LovaszSoftmaxLoss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import LovaszHingeLoss
        >>> logits = paddle.to_tensor([[[[2.0, -1.0, 0.5]]]])
        >>> labels = paddle.to_tensor([[[1, 0, 0]]])
        >>> print(f"{float(LovaszHingeLoss()(logits, labels)):.4f}")
        0.7500

    YAML:
        loss:
          types:
            - type: paddleseg_losses.LovaszHingeLoss
          coef: [1]
    """

    per_image: bool = flag(
        default=False, help="one sort for each image instead of one for the batch", zh="是否逐图计算"
    )
    from_logits: bool = only(
        default=True, help="only true: margins of logits are compared", zh="仅支持 true：比较的是 logits 的间隔"
    )

    def number(self, inputs: Inputs) -> Tensor:
        """Mean over channels (and images) of the Lovász extension."""
        if inputs.multiclass and inputs.channels > 2:
            raise InputError(
                f"LovaszHingeLoss: {inputs.channels} channels that exclude each other.",
                "one channel, two channels (their difference is taken), or labels with a channel for each class",
                "use LovaszSoftmaxLoss",
            )
        return lovasz.hinge_rows(inputs, self.per_image).mean()
