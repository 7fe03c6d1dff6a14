"""A pixel loss and an overlap loss, added."""

from __future__ import annotations

from ...inputs import Inputs, Tensor
from ...options import flag, number, numbers_or_none
from ...registry import registered
from ..distribution.cross_entropy import CrossEntropyLoss
from ..distribution.focal import FocalLoss
from ..families import CompoundLoss
from ..region.dice import DiceLoss
from ..region.lovasz import LovaszHingeLoss, LovaszSoftmaxLoss


@registered(
    family="compound",
    title="Cross entropy + Lovász",
    title_zh="交叉熵 + Lovász",
    purpose="mIoU is the metric, from the first iteration on",
    purpose_zh="以 mIoU 为指标，且可从头训练",
    paper="Berman et al., The Lovász-Softmax loss, CVPR 2018",
    link="https://arxiv.org/abs/1705.08790",
    equation="the combination of its experiments",
    range=(0, float("inf")),
    suits=("miou-metric", "absent-classes"),
    one_vs_rest=False,
    sorts=True,
    batchwise=True,
    detached=("increments of the Jaccard loss",),
)
class CELovaszLoss(CompoundLoss):
    r"""Minimises cross entropy and the Lovász extension of 1 - IoU together; range [0, inf).

    Formula:
        L = ce_weight CE + lovasz_weight Lovász: Lovász-Softmax for competing classes, the hinge for one channel or
        multilabel.

    When:
        For: mIoU as the metric without a separate fine-tuning. Against: speed; every class is sorted.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Berman et al. 2018 (arXiv 1705.08790).

    Differences:
        Some articles call this sum "Lovász-Softmax", which it is not.

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

    ce_weight: float = number(default=1.0, low=0.0, help="weight of the cross entropy", zh="交叉熵的权重")
    lovasz_weight: float = number(default=1.0, low=0.0, help="weight of the Lovász term", zh="Lovász 项的权重")

    def setup(self) -> None:
        """The terms."""
        self.entropy, self.softmax, self.hinge = CrossEntropyLoss(), LovaszSoftmaxLoss(), LovaszHingeLoss()

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Cross entropy and Lovász."""
        lovasz = self.softmax if inputs.multiclass else self.hinge
        return {
            "cross_entropy": (self.ce_weight, self.entropy.compute(inputs)),
            "lovasz": (self.lovasz_weight, lovasz.compute(inputs)),
        }


@registered(
    family="compound",
    title="Dice + cross entropy",
    title_zh="Dice + 交叉熵",
    purpose="the steady default of medical segmentation",
    purpose_zh="医学分割中稳健的默认选择",
    paper="Isensee et al., nnU-Net, Nature Methods 2021",
    link="https://arxiv.org/abs/1809.10486",
    equation="the loss of its training scheme",
    range=(0, float("inf")),
    soft=True,
    suits=("first-attempt", "class-imbalance", "unstable-training"),
)
class DiceCELoss(CompoundLoss):
    r"""Minimises Dice loss and cross entropy together; range [0, inf).

    Formula:
        L = lambda_dice Dice + lambda_ce CE, as in DiceLoss and CrossEntropyLoss (binary cross entropy for one channel
        or multilabel).

    When:
        For: a first attempt at any medical task. Against: a metric that neither term follows, such as a boundary
        distance.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Isensee et al. 2018 (arXiv 1809.10486).

    Differences:
        nnU-Net adds the negative Dice coefficient: ours is its value plus one, with the same gradient.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DiceCELoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DiceCELoss()(logits, labels)):.4f}")
        1.2066

    YAML:
        loss:
          types:
            - type: DiceCELoss
          coef: [1]
    """

    lambda_dice: float = number(default=1.0, low=0.0, help="weight of the Dice loss", zh="Dice 的权重")
    lambda_ce: float = number(default=1.0, low=0.0, help="weight of the cross entropy", zh="交叉熵的权重")
    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss", zh="Dice 的平滑项 s")
    batch: bool = flag(default=False, help="pool the batch in the Dice loss", zh="Dice 是否先在整个批次上求和")
    include_background: bool = flag(
        default=True,
        help="whether class 0 of a multiclass problem counts in the Dice loss",
        zh="多分类时 Dice 是否计入第 0 类（背景）",
    )

    def setup(self) -> None:
        """The terms."""
        self.dice = DiceLoss(smooth=self.smooth, batch=self.batch, include_background=self.include_background)
        self.entropy = CrossEntropyLoss()

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Dice and cross entropy."""
        return {
            "dice": (self.lambda_dice, self.dice.compute(inputs)),
            "cross_entropy": (self.lambda_ce, self.entropy.compute(inputs)),
        }


@registered(
    family="compound",
    title="Dice + focal",
    title_zh="Dice + Focal",
    purpose="small, hard structures beside a huge easy background",
    purpose_zh="大片易分背景中的细小难分结构",
    paper="Zhu et al., AnatomyNet, Medical Physics 2019",
    link="https://arxiv.org/abs/1808.05238",
    equation="the hybrid loss of the paper",
    range=(0, float("inf")),
    suits=("small-objects", "class-imbalance"),
    one_vs_rest=False,  # its Dice always counts the background
    exponents=("gamma",),
)
class DiceFocalLoss(CompoundLoss):
    r"""Minimises Dice loss and focal loss together; range [0, inf).

    Formula:
        L = lambda_dice Dice + lambda_focal FL, as in DiceLoss and FocalLoss.

    When:
        For: small structures that Dice alone loses. Against: noisy labels, which the focal term pursues.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Zhu et al. 2019 (arXiv 1808.05238).

    Differences:
        MONAI's uses a sigmoid focal loss even beside a softmax Dice; here both follow the problem.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DiceFocalLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DiceFocalLoss()(logits, labels)):.4f}")
        0.7983

    YAML:
        loss:
          types:
            - type: DiceFocalLoss
          coef: [1]
    """

    lambda_dice: float = number(default=1.0, low=0.0, help="weight of the Dice loss", zh="Dice 的权重")
    lambda_focal: float = number(default=1.0, low=0.0, help="weight of the focal loss", zh="Focal 的权重")
    gamma: float = number(default=2.0, low=0.0, help="how strongly easy pixels are turned down", zh="聚焦指数")
    alpha: tuple[float, ...] | None = numbers_or_none(
        default=None, help="balance of the classes, as in FocalLoss", zh="类别平衡系数，同 FocalLoss"
    )
    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss", zh="Dice 的平滑项 s")
    batch: bool = flag(default=False, help="pool the batch in the Dice loss", zh="Dice 是否先在整个批次上求和")

    def setup(self) -> None:
        """The terms."""
        self.dice = DiceLoss(smooth=self.smooth, batch=self.batch)
        self.focal = FocalLoss(gamma=self.gamma, alpha=self.alpha)

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Dice and focal."""
        return {
            "dice": (self.lambda_dice, self.dice.compute(inputs)),
            "focal": (self.lambda_focal, self.focal.compute(inputs)),
        }
