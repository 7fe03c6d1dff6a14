"""Chapter 2 of the article: losses that compare regions, by their overlap."""

from __future__ import annotations

import paddle

from ..functional import numeric, region
from ..functional.ranking import IGNORED, lovasz
from ..functional.statistics import RegionSums, SquaredSums, region_sums, squared_sums
from ..inputs import Inputs, Tensor
from ..options import class_subset, flag, number, only_mean
from ..registry import registered
from .families import NumberLoss, RegionLoss, pick


@registered(
    family="region",
    title="Dice",
    title_zh="Dice 损失",
    purpose="small objects and imbalance: the size of the background does not matter",
    purpose_zh="小目标与类别不均衡：不受背景大小影响",
    paper="Milletari et al., V-Net, 3DV 2016",
    link="https://arxiv.org/abs/1606.04797",
    equation="Jadon 2020, eq. 8; section 3 of the paper (squares)",
    range=(0, 1),
    soft=True,
)
class DiceLoss(RegionLoss):
    r"""Maximises the Dice coefficient of prediction and truth; range [0, 1).

    Formula:
        L = 1 - (2 TP + s) / (P + G + s) for each sample and class, then the mean; TP = sum p g, P = sum p, G = sum g
        over the valid pixels. squared_pred: P = sum p^2, as in the paper.

    When:
        For: small or rare objects, and when Dice or IoU is the metric. Against: calibrated probabilities, and
        batches in which most classes are absent (then batch=True or classes='present').

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Milletari et al. 2016 (arXiv 1606.04797), section 3; Jadon 2020 (arXiv 2006.14822), eq. 8.

    Differences:
        From the paper: sums in the denominator unless squared_pred, and s = 1. An absent class costs
        1 - s / (P + s). Soft targets: TP = (P + G - sum |p - g|) / 2, least at p = g for every g.
        From Paddle: `F.dice_loss` sums over the classes before it divides, so on a softmax it is 1 - mean p_t, an
        absolute error and not Dice. The two are equal (smooth=0) only for a single channel that is all foreground.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import DiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(DiceLoss()(logits, labels)):.4f}")
        0.3111

    YAML:
        loss:
          types:
            - type: paddleseg_losses.DiceLoss
              smooth: 1.0
          coef: [1]
    """

    smooth: float = number(
        default=1.0, low=0.0, help="s, added to numerator and denominator", zh="平滑项 s，同时加在分子与分母"
    )
    squared_pred: bool = flag(default=False, help="squares in the denominator", zh="分母是否使用平方")

    def sums(self, inputs: Inputs) -> RegionSums:
        """With the squares, if asked for."""
        return inputs.once(squared_sums if self.squared_pred else region_sums)

    def cells(self, sums: RegionSums) -> Tensor:
        """1 - Dice."""
        if isinstance(sums, SquaredSums):
            return region.dice_squared(sums, self.smooth)
        return region.dice(sums, self.smooth)


@registered(
    family="region",
    title="Tversky",
    title_zh="Tversky 损失",
    purpose="choose between misses and false alarms: beta > alpha finds more",
    purpose_zh="在漏检与误检之间取舍：beta > alpha 时漏检更少",
    paper="Salehi et al., Tversky loss function for image segmentation, MLMI 2017",
    link="https://arxiv.org/abs/1706.05721",
    equation="Jadon 2020, eq. 9 and 10",
    range=(0, 1),
    soft=True,
)
class TverskyLoss(RegionLoss):
    r"""Maximises an overlap in which alpha weighs false positives and beta false negatives; range [0, 1).

    Formula:
        L = 1 - (TP + s) / (TP + alpha FP + beta FN + s) for each sample and class, then the mean; FP = sum p (1 - g),
        FN = sum (1 - p) g over the valid pixels.

    When:
        For: lesions that must not be missed (beta > alpha), or false alarms that must not be raised (alpha > beta).
        Against: no such preference; then DiceLoss says the same with fewer numbers.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Salehi et al. 2017 (arXiv 1706.05721); Jadon 2020 (arXiv 2006.14822), eq. 9 and 10.

    Differences:
        The paper prints no s. Some articles, and Abraham & Khan 2019, swap the names alpha and beta: alpha = 0.7
        there is beta = 0.7 here. alpha = beta = 0.5 with s is DiceLoss with 2 s.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import TverskyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(TverskyLoss(alpha=0.3, beta=0.7)(logits, labels)):.4f}")
        0.2005

    YAML:
        loss:
          types:
            - type: TverskyLoss
              alpha: 0.3
              beta: 0.7
          coef: [1]
    """

    alpha: float = number(default=0.3, low=0.0, help="weight of false positives", zh="假阳性的权重")
    beta: float = number(default=0.7, low=0.0, help="weight of false negatives", zh="假阴性的权重")
    smooth: float = number(
        default=1.0, low=0.0, help="s, added to numerator and denominator", zh="平滑项 s，同时加在分子与分母"
    )

    def cells(self, sums: RegionSums) -> Tensor:
        """1 - Tversky index."""
        return region.tversky(sums, self.alpha, self.beta, self.smooth)


@registered(
    family="region",
    title="Log-cosh Dice",
    title_zh="Log-Cosh Dice 损失",
    purpose="Dice with a slope that flattens near the optimum",
    purpose_zh="在最优点附近梯度更平滑的 Dice",
    paper="Jadon, A survey of loss functions for semantic segmentation, CIBCB 2020",
    link="https://arxiv.org/abs/2006.14822",
    equation="eq. 32",
    range=(0, numeric.LOG_COSH_1),
    soft=True,
    batchwise=True,
)
class LogCoshDiceLoss(RegionLoss):
    r"""Maximises the Dice coefficient through log cosh, which is smooth at the optimum; range [0, 0.4338).

    Formula:
        L = log cosh(D), D the mean Dice loss over samples and classes. The slope is tanh(D) times Dice's.

    When:
        For: Dice training that jitters near its end. Against: the slope vanishes with the loss, so the last per
        cents are learnt slowly.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D.

    Reference:
        Jadon 2020 (arXiv 2006.14822), eq. 32.

    Differences:
        None from the paper's code: log cosh acts on the mean, not on each class. The article computes it from
        `F.dice_loss`, which on a softmax is not Dice.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import LogCoshDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(LogCoshDiceLoss()(logits, labels)):.4f}")
        0.0476

    YAML:
        loss:
          types:
            - type: LogCoshDiceLoss
          coef: [1]
    """

    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss", zh="Dice 的平滑项 s")
    reduction: str = only_mean(default="mean")

    def cells(self, sums: RegionSums) -> Tensor:
        """1 - Dice."""
        return region.dice(sums, self.smooth)

    def outer(self, mean: Tensor) -> Tensor:
        """Log cosh of the mean Dice loss."""
        return numeric.log_cosh(mean)


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
        hit = inputs.target
        errors = paddle.where(inputs.valid, (hit - inputs.prob).abs(), paddle.full([], IGNORED, hit.dtype))
        rows = self._rows(hit.astype("int64"))
        cells = lovasz(self._rows(errors), rows).reshape([-1, inputs.channels])
        if self.classes == "present":
            counts = rows.max(axis=1).reshape([-1, inputs.channels]).astype(cells.dtype)
        else:
            chosen = kept = list(range(inputs.channels))
            if not isinstance(self.classes, str):
                chosen = pick(self.classes, kept, inputs.channels, type(self).__name__)
            counts = paddle.to_tensor([[float(c in chosen) for c in kept]], dtype=cells.dtype).expand_as(cells)
        return numeric.safe_divide((cells * counts).sum(axis=1), counts.sum(axis=1)).mean()

    def _rows(self, x: Tensor) -> Tensor:
        """`[N, C, *S]` as one row of pixels for each class, or for each image and class."""
        x = x.flatten(2)
        return x.flatten(0, 1) if self.per_image else x.transpose([1, 0, 2]).flatten(1)
