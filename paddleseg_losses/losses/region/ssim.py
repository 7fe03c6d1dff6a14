"""Structural similarity of the maps of prediction and truth."""

from __future__ import annotations

from ...functional.similarity import ssim_errors
from ...inputs import Inputs, Tensor
from ...registry import registered
from .window_similarity import WindowSimilarityLoss


@registered(
    family="region",
    title="SSIM",
    purpose="structure: every window has the mean, the contrast and the pattern of the truth",
    paper="Wang et al., Image quality assessment: from error visibility to structural similarity, IEEE TIP 2004",
    link="https://doi.org/10.1109/TIP.2003.819861",
    equation="eq. 13 of the paper",
    range=(0, 2),
    suits=("ragged-boundaries", "thin-structures"),
    soft=True,
    neighbours=True,
    monotone=False,
)
class SSIMLoss(WindowSimilarityLoss):
    r"""Maximises the structural similarity of prediction and truth in windows around every pixel; range [0, 2).

    Formula:
        L = 1 - mean_i S_i: for each sample and class, then the mean
        S = A B: similarity of the windows around a pixel
        A = (2 mu_p mu_g + c_1) / (mu_p^2 + mu_g^2 + c_1): agreement of the means
        B = (2 v_c + c_2) / (v_p + v_g + c_2): agreement of contrast and pattern
        mu_p, mu_g: mean in a Gaussian window, over the valid pixels inside the image
        v_p, v_g, v_c: variances and covariance in the same window
        c_1: the square of option `k1`
        c_2: the square of option `k2`

    When:
        For: outlines and fine structure, beside cross entropy and an overlap, as BASNet does. Against: alone, as large
        flat regions decide the mean.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Wang et al. 2004 (10.1109/TIP.2003.819861), eq. 13; as a loss of segmentation Qin et al. 2019 (BASNet).

    Differences:
        Windows at the border of the image, and beside ignored pixels, are means over the pixels that count. BASNet's
        code fills with zeros, kornia mirrors the image, MONAI and pytorch-msssim leave out windows that reach beyond
        it, so that errors at the border hardly count. This is not StructuralSimilarityLoss, which is a weighted cross
        entropy.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import SSIMLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(SSIMLoss()(logits, labels)):.4f}")
        0.6711

    YAML:
        loss:
          types:
            - type: SSIMLoss
              window_size: 11
          coef: [1]
    """

    def cells(self, inputs: Inputs) -> Tensor:
        """1 - the mean similarity."""
        return ssim_errors(inputs, self.channel_indices(inputs), self.window(inputs))
