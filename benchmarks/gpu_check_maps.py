"""The part of `gpu_check` for kernels of maps and of sorted errors: are they right, and how fast?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks import gpu_references as references
from benchmarks.gpu_timing import ratio

EROSIONS = 5


class Maps:
    """Operations on the problems of a check.

    Args:
        check: makes the data, and measures.
    """

    def __init__(self, check: Any) -> None:
        from paddleseg_losses.kernels.cuda import centerline, distance_weighted, edt, lovasz, probabilities

        self.check, self.distance_map = check, edt.distance_map
        self.hausdorff_sums, self.lovasz_rows = distance_weighted.hausdorff_sums, lovasz.lovasz_rows
        self.centerline_sums, self.probabilities = centerline.centerline_sums, probabilities.probabilities

    def _of_probabilities(self, z: Any, y: Any) -> Any:
        problem = self.check.compact(z, y)
        return problem.with_scores(self.probabilities(problem, signed=True))

    def hausdorff(self, z: Any, y: Any) -> Any:
        """The sums of HausdorffDTLoss."""
        return self.hausdorff_sums(self._of_probabilities(z, y), 0, None, 2.0, False)

    def lovasz(self, z: Any, y: Any) -> Any:
        """LovaszSoftmaxLoss of each class."""
        return self.lovasz_rows(self.check.compact(z, y), False)[0][0]

    def centerlines(self, z: Any, y: Any) -> Any:
        """The sums of SoftCLDiceLoss."""
        return self.centerline_sums(self._of_probabilities(z, y), 0, EROSIONS)

    def agreement(self, shape: tuple[int, ...], dtypes: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
        """Distances, and sums with their gradients, against float64.

        Where numbers are alike, and half precision has many, any of them may come first in a sort, or be the largest
        of its neighbours: gradients of what chooses are compared in float32 alone, of a sort on the average.
        """
        z, y = self.check.data(shape, torch.float32)
        masks = _masks(z, y)
        off = references.off(self.distance_map(masks), references.distances(masks))
        yield {"operation": "distances", "shape": list(shape), "value": off, "right": off <= 1e-6}
        off = references.off(references.composed_distances(masks), references.distances(masks))
        yield {"operation": "distances, torch", "shape": list(shape), "value": off, "right": off <= 1e-6}
        operations = {
            "Hausdorff": (self.hausdorff, references.hausdorff),
            "Lovász": (self.lovasz, references.lovasz),
            "centerlines": (self.centerlines, lambda z, y: references.centerlines(z, y, EROSIONS)),
        }
        for dtype in dtypes:
            z, y = self.check.data(shape, dtype)
            rounding = {torch.float32: 0.0, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}[dtype]
            for name, (run, formula) in operations.items():
                exact = z.detach().double().requires_grad_()
                values = run(z, y), formula(exact, y)
                slopes = torch.autograd.grad(values[0].sum(), z)[0], torch.autograd.grad(values[1].sum(), exact)[0]
                is_sorted = name == "Lovász"
                off = {"value": references.off(*values), "gradient": references.off(*slopes, average=is_sorted)}
                close = 1e-4 if is_sorted else 1e-5 + rounding
                chooses = rounding > 0 and name != "Hausdorff"
                right = off["value"] <= 1e-5 and (off["gradient"] <= close or chooses)
                yield {"operation": name, "shape": list(shape), "dtype": str(dtype), **off, "right": right}

    def speed(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Distances of every class, losses in both directions, and what torch makes of a skeleton and of a sort."""
        z, y = self.check.data(shape, torch.float32)
        masks, row = _masks(z, y), torch.rand(y.numel(), device=z.device)
        steps = {
            "Hausdorff": lambda z, y: self.hausdorff(z, y).mean(),
            "Lovász": lambda z, y: self.lovasz(z, y).mean(),
            "centerlines": lambda z, y: self.centerlines(z, y).mean(),
            "centerlines, torch": lambda z, y: references.composed_centerlines(z, y, EROSIONS),
        }
        size = z.numel() * z.element_size()
        losses = {name: self.check.timer.step(loss, z, y, size) for name, loss in steps.items()}
        maps = {
            "distances": self.check.timer.call(lambda: self.distance_map(masks), size),
            "distances, torch": self.check.timer.call(lambda: references.composed_distances(masks), size, least=1),
            "sort of one class": self.check.timer.call(lambda: torch.sort(row, descending=True), size),
        }
        faster = ratio(maps["distances, torch"], maps["distances"])
        return {"shape": list(shape), "losses": losses, "maps": maps, "distances_times_faster": faster}


def _masks(z: Any, y: Any) -> Any:
    return torch.arange(z.shape[1], device=z.device).view(1, -1, *[1] * (z.ndim - 2)) == y[:, None]
