"""Overlaps in which false positives and false negatives have prices of their own."""

from __future__ import annotations

from ... import numeric
from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import number
from ...registry import registered
from ..families import RegionLoss


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
    suits=("missed-objects", "false-alarms", "small-objects", "class-imbalance"),
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
    title="Focal Tversky",
    title_zh="Focal Tversky 损失",
    purpose="small lesions: an exponent decides how much classes that are nearly right still matter",
    purpose_zh="小病灶：用一个指数决定接近正确的类别还占多少分量",
    paper="Abraham & Khan, A novel focal Tversky loss function, ISBI 2019",
    link="https://arxiv.org/abs/1810.07842",
    equation="Jadon 2020, eq. 11",
    range=(0, 1),
    suits=("small-objects", "missed-objects", "stalled-training"),
    exponents=("gamma",),
    soft=True,
)
class FocalTverskyLoss(RegionLoss):
    r"""Maximises the Tversky index of each class through a power of its error; range [0, 1).

    Formula:
        L = (1 - TI)^gamma for each sample and class, then the mean; TI as in TverskyLoss, alpha weighs false
        positives and beta false negatives. gamma is the exponent itself: below 1 it steepens the slope of classes
        that are nearly right, above 1 that of classes that are still wrong.

    When:
        For: small structures whose Tversky loss has stopped falling. Against: gamma far below 1, whose slope near a
        perfect prediction is steep (it is bounded here: a straight line below an error of 1e-7).

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Abraham & Khan 2019 (arXiv 1810.07842); Jadon 2020 (arXiv 2006.14822), eq. 11.

    Differences:
        The paper sums over classes, we average, so that the range stays [0, 1). It writes the exponent 1/gamma with
        gamma = 4/3: 0.75 here. The survey prints gamma in [1, 3] as the exponent, but its code uses 0.75. In the
        paper alpha = 0.7 weighs false negatives: beta = 0.7 here. The power acts on each class, before the mean
        (segmentation_models.pytorch averages first).

    Example:
        >>> import paddle
        >>> from paddleseg_losses import FocalTverskyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(FocalTverskyLoss()(logits, labels)):.4f}")
        0.2938

    YAML:
        loss:
          types:
            - type: FocalTverskyLoss
              gamma: 0.75
          coef: [1]
    """

    alpha: float = number(default=0.3, low=0.0, help="weight of false positives", zh="假阳性的权重")
    beta: float = number(default=0.7, low=0.0, help="weight of false negatives", zh="假阴性的权重")
    gamma: float = number(default=0.75, low=0.0, help="exponent of the error", zh="误差的指数")
    smooth: float = number(
        default=1.0, low=0.0, help="s, added to numerator and denominator", zh="平滑项 s，同时加在分子与分母"
    )

    def cells(self, sums: RegionSums) -> Tensor:
        """A power of 1 - Tversky index."""
        return numeric.power(region.tversky(sums, self.alpha, self.beta, self.smooth), self.gamma)


@registered(
    family="region",
    title="Asymmetric similarity (F-beta)",
    title_zh="非对称相似度损失（F-beta）",
    purpose="finding more than is missed: one number, beta, as in the F-beta score",
    purpose_zh="重视召回：与 F-beta 分数相同的单一参数",
    paper="Hashemi et al., Asymmetric loss functions and deep densely-connected networks, IEEE Access 2019",
    link="https://arxiv.org/abs/1803.11078",
    equation="F-beta of the paper",
    range=(0, 1),
    suits=("missed-objects", "class-imbalance"),
)
class AsymmetricSimilarityLoss(RegionLoss):
    r"""Maximises the F-beta score of each class; range [0, 1).

    Formula:
        L = 1 - F_beta with F_beta = (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP): the Tversky loss with alpha
        = 1 / (1 + beta^2) and its beta = beta^2 / (1 + beta^2), and its smooth.

    When:
        For: recall matters beta times as much as precision, and one number shall say so. Against: prices that shall
        be set one by one; then TverskyLoss.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C]` (`[C]` with batch=True) with reduction='none'.

    Reference:
        Hashemi et al. 2019 (arXiv 1803.11078).

    Differences:
        None; some write-ups put beta^2 on the false positives, which is the reverse. beta = 1 with s is DiceLoss with
        2 s.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import AsymmetricSimilarityLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(AsymmetricSimilarityLoss()(logits, labels)):.4f}")
        0.2010

    YAML:
        loss:
          types:
            - type: AsymmetricSimilarityLoss
              beta: 1.5
          coef: [1]
    """

    beta: float = number(
        default=1.5, low=0.0, high=1e6, help="weight of recall against precision", zh="召回率相对精确率的权重"
    )
    smooth: float = number(
        default=1.0, low=0.0, help="s, added to numerator and denominator", zh="平滑项 s，同时加在分子与分母"
    )

    def cells(self, sums: RegionSums) -> Tensor:
        """1 - F-beta."""
        square = self.beta**2
        return region.tversky(sums, 1 / (1 + square), square / (1 + square), self.smooth)
