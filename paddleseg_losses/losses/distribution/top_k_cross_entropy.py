"""Cross entropy of the hardest pixels alone."""

from __future__ import annotations

import paddle

from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...functional.top_k import keep_top_k, keep_unlikely
from ...inputs import Inputs
from ...options import number, whole
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    order=8,
    title="Top-k cross entropy",
    purpose="only the hardest pixels of the batch count",
    paper="Wu et al., Bridging category-level and instance-level semantic image segmentation, 2016",
    link="https://arxiv.org/abs/1605.06885",
    equation="its online bootstrapping, by nnU-Net's rule of k per cent",
    range=(0, float("inf")),
    counts_unweighted=True,
    suits=("stalled-training", "class-imbalance"),
    batchwise=True,
    sorts=True,
    detached=("choice of the pixels",),
    label_sets=True,
)
class TopKCrossEntropyLoss(PixelLoss):
    r"""Minimises the cross entropy of the hardest pixels alone; range [0, inf).

    Formula:
        L = (1 / n) sum_{i in T} CE_i: in multilabel problems of the hardest pixels of all channels
        T: the `n` valid pixels of the batch with the largest cross entropy; with `threshold`, those whose true label
            has a probability below it
        n = max(floor((k V) / 100), 1): number of pixels that count; with `threshold` at least `min_kept`, if there are
            so many
        V: number of valid pixels in the batch

    When:
        For: images in which nearly everything is easy. Against: noisy labels, which are among the hardest pixels; and
        the first epochs, when the hardest pixels are random ones.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Wu et al. 2016 (arXiv 1605.06885); Isensee et al. 2021 (10.1038/s41592-020-01008-z).

    Differences:
        The rule of Wu et al. is `threshold` with `min_kept`; if fewer pixels are below the threshold, the least likely
        ones fill up. PaddleSeg's OhemCrossEntropyLoss then keeps one pixel less; in mmsegmentation min_kept is of each
        image. The hardest k per cent are the rule of nnU-Net's TopKLoss, which counts k per cent of all pixels, ignored
        ones included; here it is k per cent of the valid pixels. k = 100 is CrossEntropyLoss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import TopKCrossEntropyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(TopKCrossEntropyLoss()(logits, labels)):.4f}")
        1.5514

    YAML:
        loss:
          types:
            - type: TopKCrossEntropyLoss
              k: 10
          coef: [1]
    """

    k: float = number(default=10.0, low=0.0, high=100.0, open_low=True, help="percentage of the pixels")
    threshold: float | None = number(
        default=None,
        low=0.0,
        high=1.0,
        optional=True,
        help="keep the pixels whose true label is less likely than this, in place of k per cent",
    )
    min_kept: int = whole(default=0, low=0, help="with threshold, keep at least so many pixels of the batch")

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY

    def select(self, inputs: Inputs) -> Inputs:
        """The pixels that are hardest."""
        if self.threshold is not None:
            return keep_unlikely(inputs, self.threshold, self.min_kept)
        with paddle.no_grad():
            return keep_top_k(inputs, self.values(inputs), self.k)
