"""What MONAI computes for some masks: `python -m tests.unit.monai_distances`, where MONAI is installed."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage

FILE = Path(__file__).with_name("monai_distances.json")
SPACINGS = {2: (1.0, 0.7), 3: (2.5, 0.8, 1.0)}
THRESHOLD = 1.0


def pairs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blobs, smooth and ragged, in two and three dimensions, some of them at the border of the image."""
    random = np.random.default_rng(11)
    for number in range(24):
        shape = (40, 48) if number % 3 else (12, 20, 16)
        noise = random.random((2, *shape))
        smooth = [ndimage.gaussian_filter(part, 0.7 + number % 4, mode="nearest") for part in noise]
        yield tuple(part > np.quantile(part, 0.6 + 0.015 * number) for part in smooth)


def measure() -> dict:
    """By MONAI: HD95 and surface Dice of every pair."""
    import monai
    import torch
    from monai.metrics import compute_hausdorff_distance, compute_surface_dice

    rows = []
    for guessed, true in pairs():
        a, b = (torch.tensor(mask[None, None].astype(np.float32)) for mask in (guessed, true))
        spacing = SPACINGS[true.ndim]
        far = compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=spacing)
        near = compute_surface_dice(a, b, [THRESHOLD], include_background=True, spacing=spacing)
        rows.append([float(far), float(near)])
    return {"monai": monai.__version__, "torch": torch.__version__, "rows": rows}


if __name__ == "__main__":
    FILE.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
