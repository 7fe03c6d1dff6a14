"""The Lovász extension of 1 - IoU, over hinge errors."""

from __future__ import annotations

from ...errors import InputError
from ...functional import lovasz
from ...i18n import _
from ...inputs import Inputs, Tensor
from ...options import flag, numbers_or_none, only
from ...registry import registered
from ..families import ScalarLoss, each_class


@registered(
    family="region",
    order=10,
    title="Lovász hinge",
    purpose="optimise the IoU of one foreground class, or of each label",
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
class LovaszHingeLoss(ScalarLoss):
    r"""Minimises 1 - IoU of the foreground through its convex extension over hinge errors; range [0, inf).

    Formula:
        L = sum_{j=1}^V m_j (J_j - J_{j-1}): mean over the channels (and images, with `per_image`)
        m_j: the errors `max(0, 1 - z_i (2 y_i - 1))` of the valid pixels, sorted decreasingly: `m_1` is the largest
        J_j: Jaccard loss if exactly the `j` pixels with the largest errors were wrong; `J_0 = 0`
        j: place in that order
        y: the label, 0 or 1

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
        The authors' function defaults to per_image=True; the default here is the whole batch, as in LovaszSoftmaxLoss.
        Two channels with index labels mean the logit z_1 - z_0. Several labels: one sort for each channel
        (segmentation_models.pytorch sorts all channels together). More than two competing classes: LovaszSoftmaxLoss.

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

    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the sum is divided by the number of classes",
    )
    per_image: bool = flag(
        default=False, help="sort the pixels of each image by themselves, not those of the whole batch"
    )
    from_logits: bool = only(default=True, help="only true: margins of logits are compared")

    def value(self, inputs: Inputs) -> Tensor:
        """Mean over channels (and images) of the Lovász extension."""
        if inputs.multiclass and inputs.channels > 2:
            raise InputError(
                _("LovaszHingeLoss: {channels} mutually exclusive channels.", channels=inputs.channels),
                _("one channel, two channels (their difference is taken), or labels with a channel for each class"),
                _("use LovaszSoftmaxLoss"),
            )
        cells = lovasz.hinge_rows(inputs, self.per_image)
        if self.weight is not None:  # the one row of two classes is that of class 1
            cells = cells * each_class(self.weight, inputs, "weight", type(self).__name__)[:, -cells.shape[1] :]
        return cells.mean()
