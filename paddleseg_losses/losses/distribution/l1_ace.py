"""The calibration error of bins of like probabilities."""

from __future__ import annotations

from ...functional.calibration import Bins, bins_of, calibration_gaps
from ...inputs import Inputs, Tensor
from ...options import choice, class_subset, number, whole
from ...registry import registered
from ..families import CellLoss


@registered(
    family="distribution",
    title="L1 average calibration error (L1-ACE)",
    purpose="probabilities that can be read as frequencies, beside Dice or cross entropy",
    paper="Barfoot et al., Average calibration error: a differentiable loss for improved reliability in image "
    "segmentation, MICCAI 2024",
    link="https://arxiv.org/abs/2403.06759",
    equation="the L1-ACE of the paper",
    range=(0, 1),
    suits=("calibration",),
    soft=True,
    batchwise=True,
    monotone=False,
    detached=("bins",),
    held=("bins",),
    label_sets=True,
)
class L1ACELoss(CellLoss):
    r"""Minimises the gap between the mean probability of like pixels and the share of them that is right; range [0, 1].

    Formula:
        L = mean_b |sum_i u_{i,b} p_i - sum_i u_{i,b} g_i| / (sum_i u_{i,b}): over the bins that hold pixels, for each
            sample and class, then the mean
        b: one of the bins of equal width between 0 and 1
        u_{i,b}: share of the pixel in the bin: 1 in the one where `p_i` falls, else 0
        u_{i,b}: with binning='soft', shared by the two bins whose middles are nearest to `p_i`

    When:
        For: Dice-trained networks that are too sure, with a weight of 0.1 to 1 beside Dice or cross entropy; 'hard'
        bins keep Dice, 'soft' ones calibrate more and cost some. Against: alone, as it does not say which pixel is
        which.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Barfoot et al. 2024 (arXiv 2403.06759); soft bins: Barfoot et al. 2025 (arXiv 2506.03942).

    Differences:
        Bins are closed on the left, as the authors' text says; their code closes them on the right, which differs only
        where p lies on an edge. By default classes without a pixel in the image are left out of the mean; MONAI's
        ignore_empty_classes=True makes them 0 and still counts them.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import L1ACELoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(L1ACELoss()(logits, labels)):.4f}")
        0.3299

    YAML:
        loss:
          types:
            - type: L1ACELoss
          coef: [1]
    """

    takes_pixel_weight = True

    classes: str | tuple[int, ...] = class_subset(
        default="present",
        help="classes that count: all, those present in the labels, or a list",
    )
    num_bins: int = whole(default=20, low=1, high=1000, help="number of bins between 0 and 1")
    binning: str = choice(default="hard", of=("hard", "soft"), help="a pixel in one bin, or shared by two")
    empty_weight: float = number(
        default=0.01, low=0.0, help="soft bins with less of a pixel in all are left out of the mean"
    )

    def cells(self, inputs: Inputs) -> Tensor:
        """The mean over the bins."""
        soft = self.binning == "soft"
        gaps = calibration_gaps(inputs, self.num_bins, soft, self.empty_weight if soft else 0.0, self.bins)
        return self.pooling(inputs)(gaps)

    def bins(self, inputs: Inputs) -> Bins:
        """The bins of all pixels, where no kernel finds them."""
        return bins_of(inputs, self.num_bins, self.binning == "soft")
