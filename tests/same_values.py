"""Whether a change keeps every value and gradient, bit for bit (but for the sign of a zero).

    python tests/same_values.py store before.npz          # on the old commit
    python tests/same_values.py compare before.npz        # on the new one; exits 1 and names what differs

Every loss in every mode it takes, in 2-D and 3-D, with and without ignored pixels, by the native kernels and composed,
in float32 and float64, with the options that many losses share. It uses the public names only, so that this file can be
copied beside any older version.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import paddle

import paddleseg_losses
from paddleseg_losses import errors

SPACES = ((37, 29), (9, 13, 11))
CHANNELS = {"binary": (1,), "multiclass": (2, 4), "multilabel": (3,)}
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"reduction": "none"},
    {"reduction": "sum"},
    {"batch": True},
    {"include_background": False},
    {"include_background": True},
    {"classes": "present"},
    {"label_smoothing": 0.1},
    {"per_image": True},
    {"squared_pred": True},
    {"one_sided": True},
    {"spacing": [0.7]},
    {"weight": "classes"},
    {"labels": "narrow"},
    {"labels": "wrong"},
    {"pixel_weight": True},
)


def cases() -> Iterator[tuple[str, Any]]:
    """A key and what to compute, for everything that the loss does not refuse."""
    for name in paddleseg_losses.names():
        spec = paddleseg_losses.get(name)
        for mode in spec.modes:
            for channels in CHANNELS[mode]:
                if mode == "multiclass" and spec.most_classes is not None and channels > spec.most_classes:
                    continue
                for space in SPACES:
                    for ignored in (0.0, 0.2):
                        for options in OPTIONS:
                            yield (
                                f"{name} {mode}{channels} {len(space)}D ignore={ignored} {options}",
                                (name, mode, channels, space, ignored, options),
                            )


def problem(mode: str, channels: int, space: tuple[int, ...], ignored: float) -> tuple[Any, Any]:
    """Logits and labels."""
    rng = np.random.default_rng(len(space) * 100 + channels)
    logits = rng.normal(size=(2, channels, *space)) * 3
    shape = (2, channels, *space) if mode == "multilabel" else (2, *space)
    labels = rng.integers(0, channels if mode == "multiclass" else 2, shape)
    labels[:, ..., : space[-1] // 2] = 0  # some structure, for the losses that measure distances
    labels[rng.random(shape) < ignored] = 255
    return logits, labels


def compute(case: Any, dtype: str) -> tuple[Any, Any] | None:
    """Value and gradient, or None where the loss refuses the options."""
    name, mode, channels, space, ignored, given = case
    options = dict(paddleseg_losses.get(name).example)
    if "dist_matrix" in options:
        options["dist_matrix"] = (1 - np.eye(channels)).tolist()
    logits, labels = problem(mode, channels, space, ignored)
    extra = {}
    for key, value in given.items():
        if key == "labels":
            labels = labels.astype("uint8" if value == "narrow" else "int64")
            if value == "wrong":
                labels[0, ..., 0] = 77
                options["checks"] = "never"
        elif key == "pixel_weight":
            rng = np.random.default_rng(5)
            extra["pixel_weight"] = paddle.to_tensor(rng.random((2, *space)).astype(dtype))
        else:
            options[key] = [0.5 + 0.25 * c for c in range(channels)] if value == "classes" else value
    z = paddle.to_tensor(logits.astype(dtype), stop_gradient=False)
    try:
        value = paddleseg_losses.build(name, **options)(z, paddle.to_tensor(labels), **extra)
    except errors.LossError:
        return None
    value.sum().backward()
    return value.numpy(), z.grad.numpy()


def everything() -> dict[str, Any]:
    """All values and gradients by key."""
    arrays = {}
    for key, case in cases():
        for backend, dtype in (("native", "float32"), ("composed", "float32"), ("composed", "float64")):
            os.environ["PADDLESEG_LOSSES_KERNELS"] = backend
            result = compute(case, dtype)
            if result is not None:
                arrays[f"{key} {backend} {dtype} value"], arrays[f"{key} {backend} {dtype} gradient"] = result
    return arrays


def main() -> int:
    """Store, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("store", "compare"))
    parser.add_argument("file")
    arguments = parser.parse_args()
    arrays = everything()
    if arguments.action == "store":
        np.savez_compressed(arguments.file, **arrays)
        print(f"{len(arrays)} arrays stored in {arguments.file}")
        return 0
    before = np.load(arguments.file)
    lost, new = sorted(set(before.files) - set(arrays)), sorted(set(arrays) - set(before.files))
    different = []
    for key in sorted(set(arrays) & set(before.files)):
        old, now = before[key], arrays[key]
        if old.dtype != now.dtype or not np.array_equal(old, now, equal_nan=True):
            gap = np.abs(old - now).max() if old.shape == now.shape else np.nan
            different.append(f"{key}: by {gap:.3g}, the largest is {np.abs(old).max():.3g}")
    for title, keys in (("different", different), ("gone", lost), ("new", new)):
        print(f"{len(keys)} {title}", *keys[:50], sep="\n  ")
    print(f"{len(set(arrays) & set(before.files)) - len(different)} arrays are the same bit for bit")
    return 1 if different or lost else 0


if __name__ == "__main__":
    sys.exit(main())
