"""Cross entropy of logits that the shares of the classes have shifted."""

from __future__ import annotations

import math

from ...errors import OptionError
from ...functional.pixel_formulas import CROSS_ENTROPY, Formula
from ...functional.priors import log_odds_of_labels
from ...i18n import _
from ...inputs import Inputs, Tensor
from ...numeric import constant
from ...options import number, numbers_or_word
from ...registry import registered
from ..families import PixelLoss, fit


@registered(
    family="distribution",
    title="Logit-adjusted cross entropy",
    purpose="long tails: the rarer a class is, the larger the margin by which it has to win",
    paper="Menon et al., Long-tail learning via logit adjustment, ICLR 2021",
    link="https://arxiv.org/abs/2007.07314",
    equation="its logit-adjusted softmax cross entropy",
    range=(0, float("inf")),
    suits=("class-imbalance",),
    soft=True,
    soft_minimum=False,
    slack=1e-6,
    batchwise=True,
    counts_unweighted=True,
    example={"class_priors": "batch"},
    label_sets=True,
)
class LogitAdjustedLoss(PixelLoss):
    r"""Minimises cross entropy after the logarithms of the classes' shares are added to the logits; range [0, inf).

    Formula:
        L = mean_i -log p_t: in multilabel problems a mean over pixels and channels
        p_t: probability of the true label by the shifted logits
        p = softmax(z_c + tau log r_c): with `C >= 2` channels
        p = sigmoid(z + tau log(r / (1 - r))): with one channel, or multilabel
        r: share of the class, option `class_priors`

    When:
        For: many classes, most of them rare, scored as if they were equally frequent. Against: a metric that counts
        pixels, not classes. Predict with the logits as they are, without the shift.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D; `[N, *S]` with reduction='none', multilabel `[N, C, *S]`.

    Reference:
        Menon et al. 2021 (arXiv 2007.07314).

    Differences:
        None with a list. class_priors='batch', which counts the labels of every batch and one more of each, is ours.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import LogitAdjustedLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(LogitAdjustedLoss(class_priors=[0.7, 0.2, 0.1])(logits, labels)):.4f}")
        1.3272

    YAML:
        loss:
          types:
            - type: LogitAdjustedLoss
              class_priors: [0.7, 0.2, 0.07, 0.03]
          coef: [1]
    """

    class_priors: str | tuple[float, ...] = numbers_or_word(
        word="batch",
        help="how frequent each class is, a list of C shares or counts; with sigmoids the share of each channel's "
        "positives; 'batch': those of the batch, and one pixel more of each",
    )
    tau: float = number(default=1.0, low=0.0, help="how far the logits are shifted, 0 is cross entropy")

    def formula(self) -> Formula:
        """-log p_t."""
        return CROSS_ENTROPY

    def select(self, inputs: Inputs) -> Inputs:
        """The call with shifted logits."""
        if self.tau == 0:
            return inputs
        # Without the axis of the samples: Paddle adds `[1, C, 1, 1]` three times as slowly.
        shift = (self.tau * self._log_odds(inputs)).reshape([-1] + [1] * inputs.axes)
        return inputs.with_logits((inputs.scores if inputs.problem.from_logits else inputs.logits) + shift)

    def setup(self) -> None:
        """Refuse classes that never occur."""
        if not isinstance(self.class_priors, str) and min(self.class_priors) == 0:
            raise OptionError(
                _("LogitAdjustedLoss: class_priors={priors}.", priors=list(self.class_priors)),
                _("numbers > 0: a class with a share of 0 could never be right"),
                _("add 1 to the counts"),
            )

    def _log_odds(self, inputs: Inputs) -> Tensor:
        """Log r, or with sigmoids log(r / (1 - r)), `[1, C]`."""
        if isinstance(self.class_priors, str):
            return log_odds_of_labels(inputs.unweighted)
        priors = fit(self.class_priors, inputs.channels, "class_priors", type(self).__name__)
        if inputs.multiclass:
            most = max(priors)
            odds = tuple(math.log(prior) - math.log(most) for prior in priors)
        else:
            if max(priors) >= 1:
                raise OptionError(
                    _(
                        "LogitAdjustedLoss: class_priors={priors} in a {mode} problem.",
                        priors=list(priors),
                        mode=inputs.mode,
                    ),
                    _("numbers in (0, 1), the share of positives in each channel"),
                    _("divide the counts of positives by the number of pixels"),
                )
            odds = tuple(math.log(prior) - math.log1p(-prior) for prior in priors)
        return constant([odds], inputs.dtype)
