"""Random calls of random losses: each keeps the laws and is equal on all backends, or is refused by an error of ours.

A call is drawn from its number alone, so that any of them can be made again: `fuzz --first 4711 --calls 1`.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import paddle

from paddleseg_losses import kernels, registry
from paddleseg_losses.errors import LossError
from paddleseg_losses.options import REQUIRED, options_of

SHARED = 1e-4  # of the largest number: what float32 may differ from float64, for all losses and logits
SORTED = 2e-3  # of gradients that depend on an order: float32 cannot tell all errors apart
PART = 0.1  # of what a pixel has in a mean: numbers below it are compared with it
UNUSUAL = (None, -1, 0, 1, 2, 0.5, 1e-6, "mean", "1e-3", "x", [], [1, 2], [0.5, 1, 2], True, float("nan"), 2**70, {})
SKIPPED = {"sync", "schedule", "checks", "data_format"}  # of other tests: they need ranks, steps, or change the layout
BUILT = not kernels.status()["library"].startswith("not built")
PATHS = [*([("native", "float32")] if BUILT else []), ("composed", "float32"), ("composed", "float64")]


@dataclass
class Call:
    """Everything about one call."""

    number: int
    loss: str
    options: dict[str, object]
    logits: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray  # where it is sure that pixels are ignored, or nothing
    facts: dict[str, object]
    half: bool = False  # whether the logits, which are rounded, are tried in half precision too
    channels_last: bool = False

    def __str__(self) -> str:
        return f"call {self.number}: {self.loss}({self.options}) on {self.facts}"


@dataclass
class Tally:
    """What became of the calls."""

    kept: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def add(self, call: Call) -> None:
        """Make it."""
        outcome = tried(call)
        if outcome == "kept":
            self.kept[call.loss] += 1
        elif outcome.startswith("refused"):
            self.refused[call.loss] += 1
        else:
            self.broken.append(f"{call}: {outcome}")

    def as_json(self) -> str:
        """A line of figures."""
        kept, refused = sum(self.kept.values()), sum(self.refused.values())
        return json.dumps({"kept": kept, "refused": refused, "broken": len(self.broken)})


def drawn(number: int, seed: int = 0) -> Call:
    """The call of a number."""
    rng = np.random.default_rng([seed, number])
    spec = registry.get(str(rng.choice(registry.names())))
    mode = str(rng.choice(spec.modes)) if rng.random() < 0.98 else str(rng.choice(registry.MODES))
    channels = 1 if mode == "binary" else int(rng.integers(2, 6)) if mode == "multiclass" else int(rng.integers(1, 4))
    space = tuple(int(size) for size in rng.integers(1, 10, rng.integers(1, 4)))
    samples = int(rng.integers(1, 4))
    scale = float(rng.choice([0.0, 0.3, 2.0, 8.0, 30.0, 1000.0], p=[0.05, 0.2, 0.45, 0.15, 0.1, 0.05]))
    logits = (rng.normal(size=(samples, channels, *space)) * scale).astype("float32")
    labels, ignored, kind = _labels(rng, spec, mode, (samples, channels, *space))
    options = _options(rng, spec, channels)
    if kind in ("one-hot", "soft") or (mode == "multilabel" and channels == 1):
        options["mode"] = mode  # the labels alone do not say it
    facts = {"logits": list(logits.shape), "scale": scale, "mode": mode, "labels": kind, "dtype": str(labels.dtype)}
    call = Call(number, spec.name, options, logits, labels, ignored, facts)
    call.half, call.channels_last = rng.random() < 0.15, rng.random() < 0.15
    if call.half:
        call.logits = logits.astype("float16").astype("float32")
    if call.channels_last:
        call.options, call.facts["layout"] = {**options, "data_format": "NHWC"}, "NHWC"
    return call


def _labels(rng, spec, mode, sizes):
    """Labels in one of the forms that are taken, or in one that is not; with where they are ignored."""
    samples, channels, *space = sizes
    classes = channels if mode == "multiclass" else 2
    shape = (samples, channels, *space) if mode == "multilabel" else (samples, *space)
    labels = rng.integers(0, classes, shape)
    if rng.random() < 0.15:
        labels[:] = rng.integers(0, classes)
    where = rng.random(shape) < rng.choice([0, 0, 0.2, 0.9, 1])
    form = str(rng.choice(["index", "axis", "one-hot", "soft", "wrong value", "wrong shape"], p=_FORMS))
    if form == "soft" and not spec.soft and rng.random() < 0.8:
        form = "index"
    if form in ("one-hot", "soft") and mode == "multiclass":
        hot = np.moveaxis(np.eye(channels)[labels], -1, 1)
        noise = rng.dirichlet(np.ones(channels), labels.shape)
        soft = np.moveaxis(noise, -1, 1)
        return (soft.astype("float32") if form == "soft" else hot.astype("int64")), np.zeros((), bool), form
    if form == "soft":
        return rng.random(shape).astype("float32"), np.zeros((), bool), form
    labels = np.where(where, 255, labels)
    dtype = str(rng.choice(["int64", "int32", "uint8", "int16", "float32", "float64"], p=_DTYPES))
    if form == "wrong value":
        labels.flat[rng.integers(labels.size)] = rng.choice([classes, -1, 77, 254])
        return labels.astype("int64"), np.zeros((), bool), form
    if form == "wrong shape":
        return labels[..., :-1].astype(dtype), np.zeros((), bool), form
    ignored = where if mode == "multilabel" else where[:, None]
    if form == "axis" and mode != "multilabel":
        labels = labels[:, None]
    return labels.astype(dtype), ignored, form


_FORMS = [0.5, 0.18, 0.15, 0.1, 0.04, 0.03]


_DTYPES = [0.4, 0.2, 0.2, 0.14, 0.03, 0.03]


def _options(rng, spec, channels):
    """Some of the loss's options: mostly values that it takes, and now and then one that it does not."""
    options = dict(spec.example)
    if "dist_matrix" in options:
        options["dist_matrix"] = (1 - np.eye(channels)).tolist()
    declared = {name: option for name, option in options_of(spec.cls).items() if name not in SKIPPED}
    for name in rng.permutation(sorted(declared))[: rng.integers(0, 5)]:
        examples = list(declared[name].examples or [])
        default = declared[name].default
        if rng.random() < 0.04:
            options[name] = UNUSUAL[rng.integers(len(UNUSUAL))]
        elif name == "weight" and default is None:
            options[name] = [0.5 + 0.25 * c for c in range(channels)]
        elif examples:
            options[name] = examples[rng.integers(len(examples))]
        elif default is not REQUIRED and name not in options:
            options[name] = default
    return options


def tried(call: Call) -> str:
    """ "kept", "refused" and why, or what is wrong."""
    outcomes = {}
    for backend, dtype in [*([(PATHS[0][0], "float16")] if call.half else []), *PATHS]:
        with kernels.use_kernels(backend), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                outcomes[backend, dtype] = _made(call, dtype)
            except LossError as error:
                outcomes[backend, dtype] = f"refused: {type(error).__name__}: {error.found}"
            except Exception as error:
                return f"{type(error).__name__} of another library on {backend}: {str(error)[:300]}"
    texts = {outcome for outcome in outcomes.values() if isinstance(outcome, str)}
    if texts:
        same = len(texts) == 1 and all(isinstance(outcome, str) for outcome in outcomes.values())
        return texts.pop() if same else f"refused on some backends only: {outcomes}"[:600]
    return _lawful(call, outcomes) or "kept"


def _made(call, dtype):
    given = np.moveaxis(call.logits, 1, -1) if call.channels_last else call.logits
    targets = np.moveaxis(call.labels, 1, -1) if call.channels_last and call.labels.ndim == given.ndim else call.labels
    logits = paddle.to_tensor(given.astype(dtype), stop_gradient=False)
    labels = paddle.to_tensor(targets)
    value = registry.get(call.loss).cls(**call.options)(logits, labels)
    value.sum().backward()
    unchanged = np.array_equal(logits.numpy(), given.astype(dtype)) and np.array_equal(labels.numpy(), targets)
    gradient = np.zeros_like(given, dtype) if logits.grad is None else logits.grad.numpy()
    gradient = np.moveaxis(gradient, -1, 1) if call.channels_last else gradient
    return value.numpy(), gradient, unchanged


def _lawful(call, outcomes):
    """What is wrong with the values and gradients, if anything is."""
    for path, (value, gradient, unchanged) in outcomes.items():
        if not unchanged:
            return f"it wrote to its inputs on {path}"
        overflows = gradient.dtype == np.float16  # of 65504, by a weight that is large enough
        if not (np.isfinite(value).all() and (overflows or np.isfinite(gradient).all())):
            return f"not finite on {path}: value {np.ravel(value)[:3]}, gradient {np.abs(gradient).max()}"
        if call.ignored.any() and np.abs(np.where(call.ignored, gradient, 0)).max():
            return f"a gradient where pixels are ignored on {path}"
        if call.ignored.ndim and call.ignored.all() and np.abs(value).max():
            return f"all is ignored, but the value on {path} is {np.ravel(value)[:3]}"
    return _equal(call, outcomes)


def _chooses(spec, logits):
    """Whether a loss may choose between equal numbers, by their order or among neighbours."""
    return spec.sorts or (spec.neighbours and np.unique(logits).size < logits.size)


def _equal(call, outcomes):
    spec = registry.get(call.loss)
    if spec.detached and not 0 < call.facts["scale"] < 100:
        return None  # what is constant by definition jumps where errors are equal, or too small for float32
    exact, slopes, _ = outcomes["composed", "float64"]
    for path, (value, gradient, _) in outcomes.items():
        if value.shape != exact.shape:
            return f"shape {value.shape} on {path}, {exact.shape} in float64"
        for name, actual, expected in (("value", value, exact), ("gradient", gradient, slopes)):
            if call.facts["scale"] == 0 and actual.ndim:
                continue  # all logits are equal, and ties may be broken in any order
            if name == "gradient" and (actual.dtype == "float16" or (call.half and _chooses(spec, call.logits))):
                continue  # it is rounded, or some logits are equal, and any of them may be the largest
            gap = float(np.abs(actual - expected).max()) if actual.size else 0.0
            largest = float(np.abs(expected).max()) if actual.size else 0.0
            allowed = SORTED if name == "gradient" and spec.sorts else SHARED
            if gap > allowed * max(largest, PART if name == "value" else PART / actual.size):
                return f"{name} on {path} differs by {gap:.3g} of {largest:.3g}"
    return None
