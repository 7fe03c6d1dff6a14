"""The package gives the stored values and gradients of options, of the newer losses, and of lists of outputs."""

import json
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddleseg_losses.registry import build

PATH = Path(__file__).parent / "values" / "reference_values_more.npz"


def load():
    """Yield one dict a case; `logits` and `grad` are lists, with one array for each output of the model."""
    with np.load(PATH) as store:
        for number, record in enumerate(json.loads(store["records"].tobytes().decode("utf-8"))):
            index, levels = record.pop("input"), max(record.pop("levels", 0), 1)
            names = ["" if level == 0 else f"_{level}" for level in range(levels)]
            weight = record.pop("pixel_weight", None)
            yield {
                **record,
                "logits": [store[f"logits_{index}{name}"] for name in names],
                "labels": store[f"labels_{index}"],
                "pixel_weight": None if weight is None else store[f"weight_{weight}"],
                "grad": [store[f"grad_{number}{name}"] for name in names] if record["grad"] else None,
            }


RECORDS = list(load())


def name(record):
    options = ",".join(f"{key}={value}" for key, value in record["kwargs"].items())
    weighted = "" if record["pixel_weight"] is None else "-pixel_weight"
    return f"{record['cls']}({options})-{record['case']}{weighted}"


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_value_and_gradient(record):
    loss = build({"type": record["cls"], "mode": record["mode"], **record["kwargs"]})
    logits = [paddle.to_tensor(np.asarray(x, "float64"), stop_gradient=False) for x in record["logits"]]
    labels, weight = record["labels"], record["pixel_weight"]
    more = () if weight is None else (paddle.to_tensor(weight.astype("float64")),)
    value = loss(logits if len(logits) > 1 else logits[0], paddle.to_tensor(labels), *more)
    np.testing.assert_allclose(value.numpy(), record["value"], rtol=record["rtol"], atol=record["atol"])
    if record["grad"] is None:
        return
    value.backward()
    largest = max(np.abs(gradient).max() for gradient in record["grad"])
    for tensor, expected in zip(logits, record["grad"]):
        actual = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        if record["cls"] == "LovaszSoftmaxLoss":  # equal errors may come in either order: their slopes are exchanged
            actual, expected = (among_equals(gradient, tensor.numpy(), labels) for gradient in (actual, expected))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6 * largest + 1e-15)


def among_equals(gradient, scores, labels):
    """The slopes in an order of their own among pixels that are alike to a class: of one score, its own or not."""
    rows, scores = (np.moveaxis(x, 1, 0).reshape(x.shape[1], -1) for x in (gradient, scores))
    return np.array([row[np.lexsort([row, z, labels.ravel() == c])] for c, (row, z) in enumerate(zip(rows, scores))])
