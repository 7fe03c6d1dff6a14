"""Structural similarity on several scales."""

from __future__ import annotations

from ...functional.ssim import ms_ssim_errors, scales
from ...inputs import Inputs, Tensor
from ...options import numbers
from ...registry import registered
from .window_similarity import WindowSimilarityLoss


@registered(
    family="region",
    title="Multi-scale SSIM",
    purpose="structure on several scales: from the outline to the whole shape",
    paper="Wang et al., Multiscale structural similarity for image quality assessment, Asilomar 2003",
    link="https://doi.org/10.1109/ACSSC.2003.1292216",
    equation="eq. 7 of the paper",
    range=(0, 1),
    suits=("ragged-boundaries", "thin-structures"),
    soft=True,
    neighbours=True,
    monotone=False,
    plateau=True,
)
class MSSSIMLoss(WindowSimilarityLoss):
    r"""Maximises the structural similarity of prediction and truth on several scales; range [0, 1].

    Formula:
        L = 1 - T_1^{w_1} ... T_M^{w_M}: for each sample and class, then the mean
        T_j = max(mean_i B_i, 0): agreement on scale `j`; on the last one `T_M = max(mean_i (A_i B_i), 0)`
        A = (2 mu_p mu_g + c_1) / (mu_p^2 + mu_g^2 + c_1): agreement of the means
        B = (2 v_c + c_2) / (v_p + v_g + c_2): agreement of contrast and pattern
        w_j: weight of the scale, option `scale_weights`
        M: number of scales on which no side is shorter than the window
        j: a scale, with sides half as long as those of the one before
        mu_p, mu_g: mean in a Gaussian window, over the valid pixels inside the image
        v_p, v_g, v_c: variances and covariance in the same window
        c_1: the square of option `k1`
        c_2: the square of option `k2`

    When:
        For: outlines and shapes of any size, beside a focal and a Jaccard loss, as UNet 3+ does. Against: alone; a
        class whose map goes against its truth costs 1 and has no gradient until another loss has turned it.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, C]` of the classes that count with reduction='none'.

    Reference:
        Wang et al. 2003 (10.1109/ACSSC.2003.1292216), eq. 7; as a loss of segmentation Huang et al. 2020 (UNet 3+,
        arXiv 2004.08790).

    Differences:
        Windows are means over the pixels that count, as in SSIMLoss. A small image has fewer scales, and their weights
        are divided by their sum; pytorch-msssim refuses sides up to 160. An odd side is halved with the weights 1/4,
        1/2, 1/4, so that flips change nothing, where pytorch-msssim fills with zeros.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import MSSSIMLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(MSSSIMLoss()(logits, labels)):.4f}")
        0.6711

    YAML:
        loss:
          types:
            - type: MSSSIMLoss
              window_size: 11
          coef: [1]
    """

    scale_weights: tuple[float, ...] = numbers(
        default=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
        open_low=True,
        help="exponent of each scale, the finest first; of a small image the first ones, divided by their sum",
    )

    def cells(self, inputs: Inputs) -> Tensor:
        """1 - the product of the scales."""
        return ms_ssim_errors(inputs, self.channel_indices(inputs), self.window(inputs), self.exponents(inputs))

    def exponents(self, inputs: Inputs) -> list[float]:
        """Those of the scales that the image has."""
        given = self.scale_weights
        used = given[: scales(inputs.problem.space, self.window_size, len(given))]
        total = sum(used) if len(used) < len(given) else 1.0
        return [weight / total for weight in used]
