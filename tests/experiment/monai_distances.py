"""Writes what MONAI says of pairs of masks; `pip install monai` and run it to make the file anew."""

from pathlib import Path

import numpy as np
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from scipy import ndimage


def main() -> None:
    """Blobs, noise, boxes that touch the border."""
    rng = np.random.default_rng(0)
    fields = [ndimage.gaussian_filter(rng.normal(size=(2, 24, 31)), (0, sigma, sigma)) for sigma in (0, 1, 2, 4) * 4]
    pairs = np.array([field > np.quantile(field, level) for field, level in zip(fields, np.linspace(0.3, 0.97, 16))])
    boxes = np.zeros((2, 24, 31), bool)
    boxes[0, :10, 5:20], boxes[1, 3:, 8:] = True, True
    a, b = np.concatenate([pairs, boxes[None]]).transpose(1, 0, 2, 3)
    one_hot = [torch.from_numpy(np.stack([~m, m], 1)).float() for m in (a, b)]
    hd95 = compute_hausdorff_distance(*one_hot, include_background=False, percentile=95)
    surface = compute_surface_dice(*one_hot, class_thresholds=[1.0], include_background=False)
    np.savez_compressed(
        Path(__file__).with_suffix(".npz"), a=a, b=b, hd95=hd95[:, 0].numpy(), surface_dice=surface[:, 0].numpy()
    )


if __name__ == "__main__":
    main()
