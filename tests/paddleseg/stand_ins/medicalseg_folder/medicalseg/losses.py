"""MedicalSeg's own losses: one of them gives a Dice besides, and a mixture hands it on."""

import paddle
import paddle.nn.functional as F

from .cvlibs import manager


@manager.LOSSES.add_component
class DiceLoss(paddle.nn.Layer):
    def __init__(self, sigmoid_norm=True, weight=None):  # no ignore_index
        super().__init__()
        self.sigmoid_norm = sigmoid_norm

    def forward(self, logits, labels):
        logits = logits.unsqueeze(0) if logits.ndim == 4 else logits
        p = F.sigmoid(logits) if self.sigmoid_norm else F.softmax(logits, axis=1)
        g = F.one_hot(labels, logits.shape[1]).transpose([0, 4, 1, 2, 3])
        dice = 2 * (p * g).sum([0, 2, 3, 4]) / (p * p + g * g).sum([0, 2, 3, 4]).clip(min=1e-6)
        return 1 - dice.mean(), dice.detach().numpy()


@manager.LOSSES.add_component
class CrossEntropyLoss(paddle.nn.Layer):
    def __init__(self, weight=None, ignore_index=255):
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, logits, labels):
        logits = logits.unsqueeze(0) if logits.ndim == 4 else logits
        return F.cross_entropy(
            logits.transpose([0, 2, 3, 4, 1]), labels.astype("int64"), ignore_index=self.ignore_index
        )


@manager.LOSSES.add_component
class MixedLoss(paddle.nn.Layer):
    def __init__(self, losses, coef):
        super().__init__()
        assert len(losses) == len(coef)
        self.losses, self.coef = losses, coef

    def forward(self, logits, labels):
        values, dice = [], None
        for loss, coef in zip(self.losses, self.coef):
            value = loss(logits, labels)
            if type(loss).__name__ == "DiceLoss":
                value, dice = value
            values.append(coef * value)
        return values, dice
