"""What `gpu_check` compares the kernels with, in plain torch."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F


def sums(z: Any, y: Any) -> Any:
    """Sums of p and 1 - p of positives, p of negatives, -log p of positives `[N, C, 4]`; errors from other logits."""
    c, valid = z.shape[1], (y != 255)[:, None]
    own = (torch.arange(c, device=z.device).view(1, -1, *[1] * (z.ndim - 2)) == y[:, None]) & valid
    log_p = z.log_softmax(1)
    rest = torch.stack([torch.logsumexp(torch.cat([z[:, :k], z[:, k + 1 :]], 1), 1) for k in range(c)], 1)
    error = torch.sigmoid(rest - z)
    parts = (log_p.exp() * own, error * own, log_p.exp() * (~own & valid), -log_p * own)
    return torch.stack([part.flatten(2).sum(2) for part in parts], -1)


def composed_dice(z: Any, y: Any) -> Any:
    """Dice as one writes it in torch."""
    p, valid = z.softmax(1), (y != 255)[:, None]
    own = F.one_hot(torch.where(y == 255, 0, y), z.shape[1]).movedim(-1, 1) * valid
    tp, size = (p * own).flatten(2).sum(2), (p * valid + own).flatten(2).sum(2)
    return (1 - (2 * tp + 1) / (size + 1)).mean()


def monai_dice(z: Any, y: Any) -> Any:
    """The formula of MONAI's DiceLoss(softmax=True, to_onehot_y=True), without a label to ignore."""
    p = torch.softmax(z, 1)
    target = torch.zeros_like(p).scatter_(1, torch.where(y == 255, 0, y)[:, None], 1)
    axes = list(range(2, z.ndim))
    both = torch.sum(target * p, dim=axes)
    size = torch.sum(target, dim=axes) + torch.sum(p, dim=axes)
    return torch.mean(1.0 - (2.0 * both + 1e-5) / (size + 1e-5))


def lovasz(z: Any, y: Any) -> Any:
    """The Lovász extension of each class over the batch, `[C]`."""
    p, valid, rows = z.softmax(1).movedim(1, 0), y != 255, []
    for k in range(z.shape[1]):
        positive = (y == k)[valid]
        error, order = (positive.double() - p[k][valid]).abs().sort(descending=True, stable=True)
        own = positive[order].long()
        left, union = own.sum() - own.cumsum(0), own.sum() + (1 - own).cumsum(0)
        lost = 1 - left.double() / union.clamp(min=1)
        rows.append((error * lost.diff(prepend=lost.new_zeros(1))).sum())
    return torch.stack(rows)


def distances(masks: Any) -> Any:
    """Of every pixel to the other side of its mask's boundary, by looking at all pixels; 0 if there is none."""
    axes = [torch.arange(side, dtype=torch.float64, device=masks.device) for side in masks.shape[2:]]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).flatten(0, -2)
    away = torch.cdist(places, places, compute_mode="donot_use_mm_for_euclid_dist")
    flat = masks.flatten(2)
    far = torch.where(flat[..., :, None] != flat[..., None, :], away, torch.inf).amin(-1)
    return torch.where(far.isinf(), 0.0, far).reshape(masks.shape)
