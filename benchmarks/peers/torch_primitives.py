"""What is written by hand with torch: its functions, and formulas without a one-hot tensor where possible."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..cases import IGNORED
from . import Entry, binary, multiclass


def _parts(labels):
    """Labels that index nothing out of bounds, and where they are valid; `[N, 1, *S]`."""
    valid = (labels != IGNORED).unsqueeze(1)
    return labels.unsqueeze(1) * valid, valid


def _cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels, ignore_index=IGNORED)


def _binary_entropy(logits, labels):
    target, valid = _parts(labels)
    return F.binary_cross_entropy_with_logits(logits, target.float(), valid.float(), reduction="sum") / valid.sum()


def _log_true(logits, labels):
    """Log-probability of the true class, 0 where ignored, and the number of valid pixels."""
    if logits.shape[1] == 1:
        target, valid = _parts(labels)
        return F.logsigmoid(torch.where(target > 0, logits, -logits)) * valid, valid.sum()
    entropy = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none")
    return -entropy, (labels != IGNORED).sum()


def _focal(logits, labels):
    log_true, count = _log_true(logits, labels)
    return ((1 - log_true.exp()) ** 2 * -log_true).sum() / count


def _poly1(logits, labels):
    log_true, count = _log_true(logits, labels)
    valid = (labels != IGNORED).view_as(log_true)
    return ((1 - log_true.exp()) * valid - log_true).sum() / count


def _top_k(logits, labels):
    log_true, count = _log_true(logits, labels)
    return (-log_true).flatten().topk(max(1, int(count) // 10)).values.mean()


def _sums(logits, labels):
    """TP, P and G of every sample and class: a gather and a scatter instead of a one-hot tensor."""
    n, c = logits.shape[:2]
    target, valid = _parts(labels)
    valid = valid.to(logits.dtype)
    if c == 1:
        prob = logits.sigmoid() * valid
        return (prob * target).flatten(2).sum(2), prob.flatten(2).sum(2), target.to(prob.dtype).flatten(2).sum(2)
    prob = logits.softmax(1) * valid
    index, zeros = target.flatten(1), logits.new_zeros(n, c)
    hit = prob.gather(1, target).flatten(1)
    return (
        zeros.scatter_add(1, index, hit),
        prob.flatten(2).sum(2),
        zeros.scatter_add(1, index, valid.flatten(1)),
    )


def _overlap(score):
    def loss(logits, labels):
        return score(*_sums(logits, labels)).mean()

    return loss


def _dice(tp, p, g):
    return 1 - (2 * tp + 1) / (p + g + 1)


def _generalized(tp, p, g):
    weight = torch.where(g > 0, 1 / (g * g).clamp(min=1), 0.0)
    weight = torch.where(g > 0, weight, weight.amax(1, keepdim=True))
    weight = weight / weight.amax(1, keepdim=True)
    return 1 - (2 * (weight * tp).sum(1) + 1e-5) / ((weight * (p + g)).sum(1) + 1e-5)


_dice_loss = _overlap(_dice)


def _dice_ce(logits, labels):
    entropy = _binary_entropy if logits.shape[1] == 1 else _cross_entropy
    return _dice_loss(logits, labels) + entropy(logits, labels)


def _dice_focal(logits, labels):
    return _dice_loss(logits, labels) + _focal(logits, labels)


def _combo(logits, labels):
    """One-vs-rest cross entropy and Dice, without the background of a multiclass problem."""
    target, valid = _parts(labels)
    if logits.shape[1] == 1:
        return 0.25 * _binary_entropy(logits, labels) + 0.5 * _dice_loss(logits, labels)
    prob = logits.softmax(1)
    hot = torch.zeros_like(prob).scatter_(1, target, 1.0)[:, 1:]
    entropy = F.binary_cross_entropy(prob[:, 1:], hot, valid.to(prob.dtype).expand_as(hot), reduction="sum")
    hot, kept = hot * valid, prob[:, 1:] * valid
    tp, p, g = ((hot * kept).flatten(2).sum(2), kept.flatten(2).sum(2), hot.flatten(2).sum(2))
    return 0.25 * entropy / (valid.sum() * hot.shape[1]) + 0.5 * _dice(tp, p, g).mean()


def _unified(symmetric):
    """Yeung's unified focal loss with delta 0.6, gamma 0.5 and equal shares."""

    def loss(logits, labels):
        log_true, count = _log_true(logits, labels)
        background = labels == 0
        focus = (-torch.expm1(log_true)).clamp(min=1e-7) ** 0.5
        focal = focus if symmetric else torch.where(background, focus, torch.ones_like(focus))
        price = torch.where(background, 0.4, 0.6)
        tp, p, g = _sums(logits, labels)
        cells = 1 - (tp + 1e-7) / (tp + 0.6 * (g - tp) + 0.4 * (p - tp) + 1e-7)
        power = cells.clamp(min=1e-7) ** 0.5
        if not symmetric:
            power = torch.cat([cells[:, :1], power[:, 1:]], 1)
        return 0.5 * (price * focal * -log_true).sum() / count + 0.5 * power.mean()

    return loss


def _constant(function):
    return lambda shape: function


def _tversky(tp, p, g):
    return 1 - (tp + 1) / (0.3 * p + 0.7 * g + 1)


TABLE = {
    "CrossEntropyLoss": Entry(lambda shape: _binary_entropy if binary(shape) else _cross_entropy),
    "BinaryCrossEntropyLoss": Entry(_constant(_binary_entropy), takes=binary),
    "FocalLoss": Entry(_constant(_focal)),
    "Poly1CrossEntropyLoss": Entry(_constant(_poly1), takes=multiclass),
    "TopKCrossEntropyLoss": Entry(_constant(_top_k), takes=multiclass),
    "DiceLoss": Entry(_constant(_dice_loss)),
    "JaccardLoss": Entry(_constant(_overlap(lambda tp, p, g: 1 - (tp + 1) / (p + g - tp + 1)))),
    "TverskyLoss": Entry(_constant(_overlap(_tversky))),
    "FocalTverskyLoss": Entry(_constant(_overlap(lambda *sums: _tversky(*sums).clamp(min=1e-7) ** 0.75))),
    "GeneralizedDiceLoss": Entry(_constant(_overlap(_generalized))),
    "LogCoshDiceLoss": Entry(lambda shape: lambda logits, labels: _dice_loss(logits, labels).cosh().log()),
    "DiceCELoss": Entry(_constant(_dice_ce)),
    "DiceFocalLoss": Entry(_constant(_dice_focal)),
    "ComboLoss": Entry(_constant(_combo)),
    "AsymmetricUnifiedFocalLoss": Entry(_constant(_unified(False)), takes=multiclass),
    "SymmetricUnifiedFocalLoss": Entry(_constant(_unified(True)), takes=multiclass),
}
