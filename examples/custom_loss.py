"""A loss of your own in fifteen lines, the facts about it, and every law of this package asked of it.

The generalized cross entropy (a loss of the package too, of that name) lies between cross entropy (q to 0) and the absolute error (q = 1): a wrong label weighs
less. Mean over the pixels that count of (1 - p_t^q) / q, with p_t the probability of the true label.
"""

import paddle

from paddleseg_losses import build, errors, numeric
from paddleseg_losses.losses.families import ScalarLoss
from paddleseg_losses.options import number
from paddleseg_losses.registry import registered
from paddleseg_losses.testing import check

FACTS = {
    "family": "distribution",
    "title": "Generalized cross entropy",
    "purpose": "labels with mistakes",
    "paper": "Zhang & Sabuncu, Generalized cross entropy loss, NeurIPS 2018",
    "link": "https://arxiv.org/abs/1805.07836",
    "equation": "eq. 6",
}


@registered(**FACTS, range=(0, float("inf")))
class MyCrossEntropyLoss(ScalarLoss):
    """Minimises (1 - p_t^q) / q; range [0, 1 / q)."""

    q: float = number(default=0.7, low=0.0, open_low=True, high=1.0, help="exponent")

    def value(self, inputs):
        """Work with log p_t, and what is ignored multiplies by 0."""
        values = -paddle.expm1(self.q * inputs.log_prob_true) / self.q
        return numeric.safe_divide((values * inputs.mask).sum(), inputs.mask.sum())


@registered(**FACTS, range=(0, float("inf")))
class NaiveLoss(MyCrossEntropyLoss):
    """The same as the formula is printed: p_t^q has no slope at p_t = 0, where a sure model is wrong."""

    def value(self, inputs):
        """Exponentiate first."""
        values = (1 - inputs.log_prob_true.exp() ** self.q) / self.q
        return numeric.safe_divide((values * inputs.mask).sum(), inputs.mask.sum())


if __name__ == "__main__":
    print(check(MyCrossEntropyLoss))

    logits, labels = paddle.randn([2, 3, 24, 32]), paddle.randint(0, 3, [2, 24, 32])
    loss = build({"type": "MyCrossEntropyLoss", "q": 0.5})  # as in a YAML file
    print(f"\n{loss}: {float(loss(logits, labels)):.3f}\n")

    try:
        check(NaiveLoss)
    except errors.LawError as error:
        print(error)
