"""Cross entropy where prediction and truth do not vary together."""

from __future__ import annotations

from ...functional.convolution import gaussian
from ...functional.window import ssl_mean, ssl_weights
from ...inputs import Inputs, Tensor
from ...options import number, whole
from ...registry import registered
from ..families import ScalarLoss


@registered(
    family="compound",
    order=3,
    title="Structural similarity (SSL)",
    purpose="local structure: pixels whose neighbourhood does not correlate with the truth count",
    paper="Zhao et al., Correlation maximized structural similarity loss, 2019",
    link="https://arxiv.org/abs/1910.08711",
    equation="the structural similarity loss of the paper",
    range=(0, float("inf")),
    suits=("thin-structures", "ragged-boundaries"),
    one_vs_rest=False,
    neighbours=True,
    batchwise=True,
    monotone=False,
    logits_only=("multiclass",),
    detached=("e", "f", "M"),
    held=("weights",),
)
class StructuralSimilarityLoss(ScalarLoss):
    r"""Minimises cross entropy at pixels whose surroundings correlate badly with the truth; range [0, inf).

    Formula:
        L = (1 / M) sum_i e_i f_i B_i
        e = |(g - mu_g + c_4) / (sigma_g + c_4) - (p - mu_p + c_4) / (sigma_p + c_4)|: structural error; carries no
            gradient
        f_i: 1 where `e_i > beta max e`, else 0; carries no gradient
        M = sum_i f_i: number of pixels that count
        B: binary cross entropy of the pixel
        mu_g, mu_p: mean in a Gaussian window, over the valid pixels inside the image
        sigma_g, sigma_p: standard deviation in the same window
        c_4: option `c4`
        p: predicted probability: the sigmoid of each channel, in every mode

    When:
        For: fine structure that cross entropy smooths over; add it to cross entropy. Against: alone from scratch, and
        noisy labels, which it emphasises.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D.

    Reference:
        Zhao et al. 2019 (arXiv 1910.08711); Jadon 2020 (arXiv 2006.14822).

    Differences:
        The authors published no code, and two public re-implementations disagree about the threshold of f. The paper
        leaves the window open at borders: only valid pixels inside the image count. The largest e and M are of the
        whole batch. f keeps the badly correlated pixels; some articles say the opposite. The value is this term alone:
        add cross entropy by WeightedSumLoss. This is not the SSIM of image quality, which is SSIMLoss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import StructuralSimilarityLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(StructuralSimilarityLoss()(logits, labels)):.4f}")
        1.2478

    YAML:
        loss:
          types:
            - type: StructuralSimilarityLoss
          coef: [1]
    """

    window_size: int = whole(default=3, low=1, odd=True, help="pixels along a side of the window")
    sigma: float = number(
        default=1.5,
        low=0.0,
        open_low=True,
        help="width of the Gaussian window in pixels",
    )
    c4: float = number(default=0.01, low=0.0, open_low=True, help="stabilizes the division by the standard deviation")
    beta: float = number(
        default=0.1,
        low=0.0,
        high=1.0,
        help="pixels whose error exceeds this fraction of the largest one count",
    )

    def value(self, inputs: Inputs) -> Tensor:
        """Weighted mean of the binary cross entropies."""
        return ssl_mean(inputs, self.window(inputs), self.c4, self.beta, self.weights)

    def window(self, inputs: Inputs) -> list[float]:
        """Weights of the Gaussian window along an axis, as far as the image reaches."""
        return gaussian(inputs.problem.reach(self.window_size // 2), self.sigma)

    def weights(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """E f of every pixel and channel, and M."""
        return ssl_weights(inputs, self.window(inputs), self.c4, self.beta)
