"""The part of `gpu_check` for kernels of maps and of sorted errors: are they right, and how fast?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F

ERODED = 5  # times, for a skeleton


class Maps:
    """The operations on the problems of a check.

    Args:
        check: makes the data, and measures.
    """

    def __init__(self, check: Any) -> None:
        from paddleseg_losses.kernels.cuda import centerline, distance_weighted, edt, lovasz, probabilities

        self.check, self.edt = check, edt
        self.hausdorff, self.lovasz = distance_weighted.hausdorff_sums, lovasz.lovasz_rows
        self.centerlines, self.probabilities = centerline.centerline_sums, probabilities.probabilities

    def _of_probabilities(self, z: Any, y: Any) -> Any:
        problem = self.check.compact(z, y)
        return problem.with_scores(self.probabilities(problem, signed=True))

    def hausdorff_dt(self, z: Any, y: Any) -> Any:
        """HausdorffDTLoss."""
        return self.hausdorff(self._of_probabilities(z, y), 0, None, 2.0, False).sum() / z.numel()

    def lovasz_softmax(self, z: Any, y: Any) -> Any:
        """LovaszSoftmaxLoss of all classes."""
        return self.lovasz(self.check.compact(z, y), False)[0].mean()

    def soft_cl_dice(self, z: Any, y: Any) -> Any:
        """SoftCLDiceLoss, but for its division."""
        sums = self.centerlines(self._of_probabilities(z, y), 0, ERODED)
        return (sums[..., 0] + sums[..., 2]).sum() / z.numel()

    def agreement(self, shape: tuple[int, ...], dtype: Any) -> Iterator[dict[str, Any]]:
        """Each operation against float64; where logits of half precision tie, a Lovász gradient is anybody's."""
        z, y = self.check.data(shape, dtype)
        losses = {
            "Hausdorff": (self.hausdorff_dt, _hausdorff),
            "Lovász": (self.lovasz_softmax, _lovasz),
            "centerlines": (self.soft_cl_dice, _centerlines),
        }
        rounding = {torch.float32: 0.0, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}[dtype]
        for name, (loss, formula) in losses.items():
            exact = z.detach().double().requires_grad_()
            values = loss(z, y), formula(exact, y)
            slopes = torch.autograd.grad(values[0], z)[0], torch.autograd.grad(values[1], exact)[0]
            off = {"value": _off(*values), "gradient": _off(*slopes)}
            tied = name == "Lovász" and rounding > 0
            right = off["value"] <= 1e-5 and (tied or off["gradient"] <= 1e-5 + rounding)
            yield {"operation": name, "shape": list(shape), "dtype": str(dtype), **off, "right": right}

    def speed(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Exact distances of every class, losses in both directions, and what torch makes of the last one."""
        z, y = self.check.data(shape, torch.float32)
        masks = _own(z, y)
        row = torch.rand(y.numel(), device=z.device)
        steps = {
            "Hausdorff": self.hausdorff_dt,
            "Lovász": self.lovasz_softmax,
            "centerlines": self.soft_cl_dice,
            "centerlines, torch": _centerlines_in_short,
        }
        losses = {}
        for name, loss in steps.items():
            try:
                losses[name] = self.check.step(loss, z, y, z.numel() * 4)
            except torch.OutOfMemoryError:
                losses[name] = "no memory"
        return {
            "shape": list(shape),
            "edt_ms": 1e3 * self.check.seconds(lambda: self.edt.distance_map(masks)),
            "sort_of_one_class_ms": 1e3 * self.check.seconds(lambda: torch.sort(row, descending=True)),
            "losses": losses,
        }


def _own(z: Any, y: Any) -> Any:
    return torch.arange(z.shape[1], device=z.device).view(1, -1, *[1] * (z.ndim - 2)) == y[:, None]


def _error(z: Any, own: Any) -> Any:
    """|g - p|, from the other logits."""
    rest = [torch.logsumexp(torch.cat([z[:, :k], z[:, k + 1 :]], 1), 1) for k in range(z.shape[1])]
    others = torch.stack(rest, 1) - z
    return torch.where(own, torch.sigmoid(others), torch.sigmoid(-others))


def _distances(masks: Any) -> Any:
    """Of every pixel to the nearest one on the other side of its mask; 0 if there is none."""
    places = torch.cartesian_prod(*(torch.arange(side, device=masks.device) for side in masks.shape[2:]))
    places = places.reshape(-1, masks.ndim - 2).double()
    away, out = torch.cdist(places, places), torch.zeros(masks.shape, dtype=torch.float64, device=masks.device)
    for of_mask, mask in zip(out.flatten(0, 1), masks.flatten(0, 1)):
        inside = mask.flatten()
        if inside.any() and not inside.all():
            flat = torch.empty(inside.shape, dtype=torch.float64, device=masks.device)
            flat[inside] = away[inside][:, ~inside].amin(1)
            flat[~inside] = away[~inside][:, inside].amin(1)
            of_mask.copy_(flat.reshape(of_mask.shape))
    return out


def _hausdorff(z: Any, y: Any) -> Any:
    own, valid = _own(z, y), (y != 255)[:, None]
    predicted = (z.softmax(1) > 0.5) & valid
    weight = _distances(own) ** 2 + _distances(predicted) ** 2
    return (_error(z, own) ** 2 * weight * valid).sum() / z.numel()


def _lovasz(z: Any, y: Any) -> Any:
    own, valid = _own(z, y).movedim(1, 0).flatten(1), (y != 255).flatten()
    errors = _error(z, _own(z, y)).movedim(1, 0).flatten(1)[:, valid]
    errors, order = errors.sort(dim=1, descending=True)
    positive = own[:, valid].gather(1, order).double()
    size = positive.sum(1, keepdim=True)
    loss = 1 - (size - positive.cumsum(1)) / (size + (1 - positive).cumsum(1))
    growth = torch.diff(loss, dim=1, prepend=torch.zeros_like(size))
    return (errors * growth).sum(1).mean()


def _centerlines(z: Any, y: Any) -> Any:
    own, valid = _own(z, y), (y != 255)[:, None]
    p, g = z.softmax(1) * valid, own.to(z.dtype)
    return ((_skeleton(p) * ~own).sum() + (_skeleton(g) * _error(z, own)).sum()) / z.numel()


def _centerlines_in_short(z: Any, y: Any) -> Any:
    """The same as one writes it, with 1 - p."""
    own, p = _own(z, y), z.softmax(1) * (y != 255)[:, None]
    return ((_skeleton(p) * ~own).sum() + (_skeleton(own.to(z.dtype)) * (1 - p)).sum()) / z.numel()


def _skeleton(x: Any) -> Any:
    """The soft skeleton by pooling, of which beyond the image nothing is smaller or larger."""
    axes = x.ndim - 2
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[axes]
    crosses = [tuple(3 if i == axis else 1 for i in range(axes)) for axis in range(axes)]
    skeleton = torch.zeros_like(x)
    for _step in range(ERODED + 1):
        shrunk = [-pool(-x, cross, 1, tuple(side // 2 for side in cross)) for cross in crosses]
        eroded = shrunk[0]
        for other in shrunk[1:]:
            eroded = torch.minimum(eroded, other)
        ridge = F.relu(x - pool(eroded, 3, 1, 1))
        skeleton, x = skeleton + F.relu(ridge - skeleton * ridge), eroded
    return skeleton


def _off(found: Any, expected: Any) -> float:
    """Relative to the largest number; where all ought to be 0, absolute."""
    off, size = (found.detach().double() - expected.detach()).abs().max(), expected.detach().abs().max()
    return float(off / size if size > 0 else off)
