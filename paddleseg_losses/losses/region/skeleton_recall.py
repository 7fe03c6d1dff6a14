"""The share of each true skeleton that is found."""

from __future__ import annotations

from ...functional.error_sums import ERROR, POSITIVE, PROB_TRUE, SumSpec, request, sum_of
from ...functional.tubes import in_tubes
from ...functional.unread import nan_or_0
from ...inputs import Inputs, Tensor
from ...numeric import smooth_divide
from ...options import fixed, flag, number, whole
from ...registry import registered
from ..families import CellLoss, SumsLoss

_SUMS = (SumSpec(POSITIVE, PROB_TRUE), SumSpec(POSITIVE, ERROR))


@registered(
    family="region",
    title="Skeleton recall",
    purpose="vessels, roads, cracks: their whole length is to be found, by the skeletons of the labels",
    paper="Kirchhoff et al., Skeleton Recall Loss, ECCV 2024",
    link="https://arxiv.org/abs/2404.03010",
    equation="the skeleton recall loss of the paper",
    range=(0, 1),
    suits=("thin-structures", "missed-objects"),
    background_special=True,
    neighbours=True,
    sided=True,
    label_maps="LabelSkeleton",
    detached=("the tubes",),
)
class SkeletonRecallLoss(CellLoss, SumsLoss):
    r"""Maximises the share of a tube around each true skeleton that is found; range [0, 1).

    Formula:
        L = 1 - (sum_i p_i T_i + s) / (sum_i T_i + s): for each sample and class but the background, then the mean
        T: tube, 1 in the pixels of the class that are at most `tube` steps along the axes away from the skeleton

    When:
        For: thin connected structures, beside Dice and cross entropy, each with weight 1; cheaper than
        SoftCLDiceLoss, as labels alone are thinned. Against: alone: a prediction of foreground everywhere is perfect.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, C - 1]` of the classes but the background (binary and multilabel `[N, C]`; one axis less with
            batch=True) with reduction='none'. `paddleseg_losses.transforms` computes the tubes where the data is
            loaded.

    Reference:
        Kirchhoff et al. 2024 (arXiv 2404.03010). Skeletons: Zhang & Suen 1984 by scikit-image's table; of volumes Lee
        et al. 1994.

    Differences:
        The authors' value is minus the recall, here 1 is added. Ignored pixels are outside every region, where their
        code takes an ignored label for foreground. In volumes each voxel is examined again before it is removed, so
        no component is lost; scikit-image loses bars of even width. With `merge_classes=False` each class has
        a skeleton of its own: right for structures of different kinds that touch. As thinning starts from one side,
        flips change the value a little.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SkeletonRecallLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SkeletonRecallLoss()(logits, labels)):.4f}")
        0.1970

    YAML:
        loss:
          types:
            - type: SkeletonRecallLoss
              tube: 2
          coef: [1]
    """

    tube: int = whole(default=2, low=0, high=10_000, help="steps around the skeleton that the tube reaches")
    smooth: float = number(default=1.0, low=0.0, help="s, added to numerator and denominator")
    merge_classes: bool = flag(
        default=True,
        help="whether all classes but the background are one structure with one skeleton, else each has its own",
    )
    include_background: bool = fixed(False)

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """None that other terms could share: they are sums over other pixels."""
        return ()

    def cells(self, inputs: Inputs) -> Tensor:
        """1 - recall within the tubes."""
        tubes, pool = in_tubes(inputs, self.tube, self.merge_classes), self.pooling(inputs)
        request(tubes, _SUMS)
        recalled, missed = (pool(sum_of(tubes, *spec)) for spec in _SUMS)
        return smooth_divide(missed, recalled + missed, self.smooth) + pool(nan_or_0(inputs))  # only tubes are read
