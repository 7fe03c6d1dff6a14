"""Cross entropy of the hardest pixels alone."""

from __future__ import annotations

import paddle

from ...functional.pixelwise import CROSS_ENTROPY, Formula
from ...functional.top_k import keep_top_k
from ...inputs import Inputs
from ...options import number
from ...registry import registered
from ..families import PixelLoss


@registered(
    family="distribution",
    order=8,
    title="Top-k cross entropy",
    purpose="only the hardest pixels of the batch count",
    paper="Wu et al., Bridging category-level and instance-level semantic image segmentation, 2016",
    link="https://arxiv.org/abs/1605.06885",
    equation="the online bootstrapping of the paper",
    range=(0, float("inf")),
    modes=("multiclass",),
    suits=("stalled-training", "class-imbalance"),
    batchwise=True,
    sorts=True,
    detached=("choice of the pixels",),
)
class TopKCrossEntropyLoss(PixelLoss):
    r"""Minimises the cross entropy of the k per cent hardest pixels; range [0, inf).

    Formula:
        L = mean of the n largest -log p_t over the valid pixels of the batch, n = max(floor(k V / 100), 1) of V valid
        pixels.

    When:
        For: images in which nearly everything is easy. Against: noisy labels, which are among the hardest pixels; and
        a first epoch, where hard means random.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D; `[N, *S]` with reduction='none'.

    Reference:
        Wu et al. 2016 (arXiv 1605.06885).

    Differences:
        k per cent of the valid pixels; nnU-Net takes k per cent of all, ignored ones included. k = 100 is
        CrossEntropyLoss.

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

    k: float = number(default=10.0, low=0.0, high=100.0, open_low=True, help="per cent of the pixels")

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY

    def select(self, inputs: Inputs) -> Inputs:
        """The pixels with the largest values."""
        with paddle.no_grad():
            return keep_top_k(inputs, self.values(inputs), self.k)
