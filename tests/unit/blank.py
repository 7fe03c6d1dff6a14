"""A small problem of zeros, to be spoilt."""

import numpy as np

N, C, H, W = 2, 3, 5, 7
LOGITS = np.zeros((N, C, H, W), "float32")
LABELS = np.zeros((N, H, W), "int64")


def labels_of(*values, shape=(N, H, W)):
    """Zeros but for the first pixels."""
    labels = np.zeros(shape, "int64")
    labels.flat[: len(values)] = values
    return labels
