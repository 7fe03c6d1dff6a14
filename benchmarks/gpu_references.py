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
    out = torch.zeros(masks.shape, dtype=torch.float64, device=masks.device)
    for of_mask, mask in zip(out.flatten(2).flatten(0, 1), masks.flatten(2).flatten(0, 1)):
        if mask.any() and not mask.all():
            of_mask[mask] = away[mask][:, ~mask].amin(1)
            of_mask[~mask] = away[~mask][:, mask].amin(1)
    return out


def composed_distances(masks: Any) -> Any:
    """The same in two dimensions or more, axis by axis, as the package composes it of Paddle's operators."""
    squared = _along_line(masks, 2)
    for axis in range(3, masks.ndim):
        squared = torch.minimum(_least_sum(squared, axis), _along_line(masks, axis))
    return torch.where(squared < _FAR / 2, squared, squared.new_zeros(())).sqrt()


_FAR, _NOWHERE, _TABLE = 1e30, 1e9, 1 << 25


def _along_line(masks: Any, axis: int) -> Any:
    length, near = masks.shape[axis], []
    place = torch.arange(length, device=masks.device, dtype=torch.float32)
    place = place.view([-1 if other == axis else 1 for other in range(masks.ndim)])
    for line in (masks, masks.flip(axis)):
        before, after = line.narrow(axis, 0, length - 1), line.narrow(axis, 1, length - 1)
        last = torch.where(before != after, place.narrow(axis, 0, length - 1), -_NOWHERE)
        none = torch.full_like(line.narrow(axis, 0, 1), -_NOWHERE, dtype=torch.float32)
        near.append(place - torch.cummax(torch.cat([none, last], axis), axis).values)
    nearest = torch.minimum(near[0], near[1].flip(axis))
    return torch.where(nearest > _NOWHERE / 2, _FAR, nearest.square())


def _least_sum(squared: Any, axis: int) -> Any:
    squared = squared.movedim(axis, -1)
    length = squared.shape[-1]
    place = torch.arange(length, device=squared.device, dtype=torch.float32)
    parabola, lines = (place[:, None] - place).square(), squared.reshape(-1, 1, length)
    rows = max(1, _TABLE // length**2)
    least = torch.cat([(some + parabola).amin(-1) for some in lines.split(rows)])
    return least.view(squared.shape).movedim(-1, axis)


def hausdorff(z: Any, y: Any) -> Any:
    """Sums of squared errors times the squared distances to both boundaries `[N, C]`."""
    own, valid = _own(z, y), (y != 255)[:, None]
    weight = distances(own) ** 2 + distances((z.softmax(1) > 0.5) & valid) ** 2
    return (error(z, own) ** 2 * weight * valid).flatten(2).sum(2)


def error(z: Any, own: Any) -> Any:
    """|g - p|, from the other logits."""
    rest = [torch.logsumexp(torch.cat([z[:, :k], z[:, k + 1 :]], 1), 1) for k in range(z.shape[1])]
    others = torch.stack(rest, 1) - z
    return torch.where(own, torch.sigmoid(others), torch.sigmoid(-others))


def centerlines(z: Any, y: Any, erosions: int) -> Any:
    """Sums of S(p) (1 - g), S(p), S(g) (1 - p) and S(g) `[N, C, 4]`."""
    own, p = _own(z, y), z.softmax(1) * (y != 255)[:, None]
    predicted, true = skeleton(p, erosions), skeleton(own.to(z.dtype), erosions)
    parts = (predicted * ~own, predicted, true * torch.where(own, error(z, own), 0.0), true)
    return torch.stack([part.flatten(2).sum(2) for part in parts], -1)


def composed_centerlines(z: Any, y: Any, erosions: int) -> Any:
    """The mean of the errors as one writes them in torch, with 1 - p."""
    own, p = _own(z, y), z.softmax(1) * (y != 255)[:, None]
    errors = skeleton(p, erosions) * ~own + skeleton(own.to(z.dtype), erosions) * (1 - p)
    return errors.mean()


def skeleton(x: Any, erosions: int) -> Any:
    """The soft skeleton by pooling, in which nothing beyond the image is smaller or larger."""
    axes = x.ndim - 2
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[axes]
    lines = [tuple(3 if i == axis else 1 for i in range(axes)) for axis in range(axes)]
    skeleton = torch.zeros_like(x)
    for _step in range(erosions + 1):
        eroded = x
        for line in lines:
            eroded = torch.minimum(eroded, -pool(-x, line, 1, tuple(side // 2 for side in line)))
        ridge = F.relu(x - pool(eroded, 3, 1, 1))
        skeleton, x = skeleton + F.relu(ridge - skeleton * ridge), eroded
    return skeleton


def _own(z: Any, y: Any) -> Any:
    return torch.arange(z.shape[1], device=z.device).view(1, -1, *[1] * (z.ndim - 2)) == y[:, None]


def off(actual: Any, expected: Any, average: bool = False) -> float:
    """Relative to the largest number, or on the average; absolute where all ought to be 0."""
    off, size = (actual.detach().double() - expected.detach()).abs(), expected.detach().abs()
    off, size = (off.mean(), size.mean()) if average else (off.max(), size.max())
    return float(off / size if size > 0 else off)
