"""What is written by hand with Paddle's own operators: its functions where it has them, else the formula, plainly."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

from ..cases import IGNORED, Shape
from . import Entry, binary


def _cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels.unsqueeze(1), axis=1, ignore_index=IGNORED)


def _focal(logits, labels):
    entropy = F.cross_entropy(logits, labels.unsqueeze(1), axis=1, ignore_index=IGNORED, reduction="none")
    valid = (labels != IGNORED).unsqueeze(1).astype("float32")
    return ((1 - (-entropy).exp()) ** 2 * entropy * valid).sum() / valid.sum()


def _parts(labels):
    valid = labels != IGNORED
    return paddle.where(valid, labels, paddle.zeros_like(labels)), valid.unsqueeze(1).astype("float32")


def _binary_entropy(logits, labels):
    target, valid = _parts(labels)
    target = target.unsqueeze(1).astype("float32")
    values = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (values * valid).sum() / valid.sum()


def _binary_focal(logits, labels):
    target, valid = _parts(labels)
    target = target.unsqueeze(1).astype("float32")
    values = F.sigmoid_focal_loss(logits, target, alpha=0.5, reduction="none")  # alpha 0.5: half of ours everywhere
    return 2 * (values * valid).sum() / valid.sum()


def _overlap(score):
    """A loss of TP, P and G."""

    def loss(logits, labels):
        classes = logits.shape[1]
        labels, valid = _parts(labels)
        if classes == 1:
            prob, target = F.sigmoid(logits), labels.unsqueeze(1).astype("float32")
        else:
            order = [0, labels.ndim, *range(1, labels.ndim)]
            prob, target = F.softmax(logits, axis=1), F.one_hot(labels, classes).transpose(order)
        axes = list(range(2, logits.ndim))
        prob, target = prob * valid, target * valid
        return score((prob * target).sum(axes), prob.sum(axes), target.sum(axes)).mean()

    return loss


def _const(function):
    def make(shape: Shape):
        return function

    return make


def _by_mode(many, one):
    def make(shape: Shape):
        return one if shape.mode == "binary" else many

    return make


TABLE = {
    "CrossEntropyLoss": Entry(_by_mode(_cross_entropy, _binary_entropy)),
    "BinaryCrossEntropyLoss": Entry(_const(_binary_entropy), takes=binary),
    "FocalLoss": Entry(_by_mode(_focal, _binary_focal)),
    "DiceLoss": Entry(_const(_overlap(lambda tp, p, g: 1 - (2 * tp + 1) / (p + g + 1)))),
    "JaccardLoss": Entry(_const(_overlap(lambda tp, p, g: 1 - (tp + 1) / (p + g - tp + 1)))),
    "TverskyLoss": Entry(_const(_overlap(lambda tp, p, g: 1 - (tp + 1) / (0.3 * p + 0.7 * g + 1)))),
}
