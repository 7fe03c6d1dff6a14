"""Focal cross entropy on the background alone."""

from __future__ import annotations

from ...functional.error_sums import SumSpec
from ...functional.unified_focal import focal_needs, focal_part
from ...inputs import Inputs, Tensor
from ...options import number
from ...registry import registered
from ..families import ScalarLoss


@registered(
    family="compound",
    order=7,
    title="Asymmetric focal",
    purpose="focal only on the background: rare foreground keeps its full gradient",
    paper="Yeung et al., Unified focal loss, CMIG 2022",
    link="https://arxiv.org/abs/2102.04525",
    equation="the modified asymmetric focal loss",
    range=(0, float("inf")),
    modes=("multiclass",),
    suits=("class-imbalance",),
    one_vs_rest=False,
    background_special=True,
    exponents=("gamma",),
)
class AsymmetricFocalLoss(ScalarLoss):
    r"""Minimises cross entropy, focal on the background alone; range [0, inf).

    Formula:
        L = mean_i l_i
        l_i = (1 - delta) (1 - p_0)^gamma (-log p_0): where the label is 0
        l_i = delta (-log p_y): elsewhere
        p_0: predicted probability of class 0, the background
        p_y: predicted probability of the true label

    When:
        For: a rare foreground beside an easy background. Against: classes none of which is a background.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; one-hot integers `[N, C, *S]` with mode='multiclass'.
        output: 0-D.

    Reference:
        Yeung et al. 2022 (arXiv 2102.04525).

    Differences:
        None. For more than two classes every class from 1 on is foreground.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import AsymmetricFocalLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(AsymmetricFocalLoss()(logits, labels)):.4f}")
        0.5446

    YAML:
        loss:
          types:
            - type: AsymmetricFocalLoss
          coef: [1]
    """

    delta: float = number(default=0.7, low=0.0, high=1.0, help="weight of the foreground")
    gamma: float = number(default=2.0, low=0.0, help="how strongly the easy background is down-weighted")

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """What it reads."""
        return focal_needs(self.gamma)

    def value(self, inputs: Inputs) -> Tensor:
        """Focal cross entropy on class 0, plain on the others."""
        return focal_part(inputs, self.delta, self.gamma, symmetric=False)
