"""Values and gradients of all losses beside those of one stored file: what `make test-matrix` asks of each environment.

    python -m tests.matrix.values            # compare; exits 1 and names what differs
    python -m tests.matrix.values --store    # write the file anew, after a change of values that is meant

It needs Paddle and NumPy alone. The file holds the inputs too, so that no generator of random numbers can matter.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

import numpy as np

import paddleseg_losses
from paddleseg_losses import kernels, registry
from paddleseg_losses.testing.cases import CASES, make, supports, value_and_gradient

FILE = Path(__file__).with_name("values.npz")
LARGEST = 1e-5  # of the largest number of each array
PATHS = (("native", "float32"), ("composed", "float32"), ("composed", "float64"))


def problems():
    """Every loss in every case whose mode it takes."""
    for place, case in enumerate(CASES):
        for spec in registry.specs():
            if supports(spec, case):
                yield spec, place, case


def results(inputs, dtype, wrong=None):
    """Values and gradients by key, from the inputs of a file; what cannot be computed is noted in `wrong`."""
    for spec, place, _case in problems():
        logits, labels = inputs[f"logits {place}"], inputs[f"labels {place}"]
        try:
            value, gradient = value_and_gradient(make(spec), logits.astype(dtype), labels)
        except Exception as error:
            if wrong is None:
                raise
            wrong.append(f"{spec.name} {place} {dtype}: {type(error).__name__}: {str(error)[-300:]}")
            continue
        yield f"{spec.name} {place} value", np.asarray(value)
        yield f"{spec.name} {place} gradient", gradient


def store():
    """The file, computed in float64 of Paddle's own operators."""
    inputs = {}
    for place, case in enumerate(CASES):
        inputs[f"logits {place}"] = case.logits(place).astype("float32")
        inputs[f"labels {place}"] = case.labels(place + 100)
    with kernels.use_kernels("composed"):
        exact = {key: value.astype("float32") for key, value in results(inputs, "float64")}
    np.savez_compressed(FILE, **inputs, **exact)
    print(f"{len(exact)} arrays in {FILE}, {FILE.stat().st_size // 1024} KiB")


def compare():
    """How far this environment is from the file on each path, and what is further than allowed."""
    stored = np.load(FILE)
    gaps, wrong = {}, []
    for backend, dtype in PATHS:
        if backend == "native" and kernels.status()["library"].startswith("not built"):
            continue
        largest = 0.0
        with kernels.use_kernels(backend):
            for key, actual in results(stored, dtype, wrong):
                expected = stored[key] if key in stored.files else np.full_like(actual, np.nan)
                gap = float(np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-6))
                largest = max(largest, gap) if gap == gap else float("nan")
                if not gap <= LARGEST:
                    wrong.append(f"{key} {backend} {dtype}: {gap:.2g}")
        gaps[f"{backend} {dtype}"] = largest
    return gaps, wrong


def versions():
    """Of what matters here."""
    import paddle

    return {"python": platform.python_version(), "paddle": paddle.__version__, "numpy": np.__version__}


def main():
    """Store or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="store_true")
    if parser.parse_args().store:
        return store()
    gaps, wrong = compare()
    print(json.dumps({**versions(), "gaps": gaps, "wrong": wrong, "losses": len(paddleseg_losses.names())}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
