"""A Tversky loss with a power on the foreground alone."""

from __future__ import annotations

from ...functional.error_sums import SumSpec
from ...functional.region_sums import REGION
from ...functional.unified_focal import tversky_part
from ...inputs import Inputs, Tensor
from ...options import number
from ...registry import registered
from ..families import ScalarLoss


@registered(
    family="compound",
    order=8,
    title="Asymmetric focal Tversky",
    purpose="a power on the foreground classes alone",
    paper="Yeung et al., Unified focal loss, CMIG 2022",
    link="https://arxiv.org/abs/2102.04525",
    equation="the modified asymmetric focal Tversky loss",
    range=(0, 1),
    modes=("multiclass",),
    suits=("class-imbalance", "missed-objects"),
    one_vs_rest=False,
    background_special=True,
)
class AsymmetricFocalTverskyLoss(ScalarLoss):
    r"""Maximises a Tversky index, with a power on the foreground alone; range [0, 1).

    Formula:
        L = mean_{n,c} l_c
        l_0 = 1 - mTI_0: for the background
        l_c = (1 - mTI_c)^{1 - gamma}: for the other classes
        mTI_c = (TP_c + s) / (TP_c + delta FN_c + (1 - delta) FP_c + s): modified Tversky index

    When:
        For: rare foreground classes. Against: gamma near 1, whose slope near the optimum is steep (it is bounded
        here).

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D.

    Reference:
        Yeung et al. 2022 (arXiv 2102.04525).

    Differences:
        The paper's equation is a sum over the classes; the mean is that of the authors' code. With more than two
        classes, every class from 1 on is foreground.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import AsymmetricFocalTverskyLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(AsymmetricFocalTverskyLoss()(logits, labels)):.4f}")
        0.7127

    YAML:
        loss:
          types:
            - type: AsymmetricFocalTverskyLoss
          coef: [1]
    """

    delta: float = number(default=0.7, low=0.0, high=1.0, help="weight of false negatives")
    gamma: float = number(default=0.75, low=0.0, high=1.0, help="1 - gamma is the exponent of the foreground")
    smooth: float = number(default=1e-7, low=0.0, help="s, added to numerator and denominator")

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """What it reads."""
        return REGION.needs

    def value(self, inputs: Inputs) -> Tensor:
        """Tversky on class 0, its power on the others."""
        return tversky_part(inputs, self.delta, self.gamma, self.smooth, symmetric=False)
