"""Stored values of the losses, most of them computed by other people's code."""

import json
from pathlib import Path

import numpy as np

PATH = Path(__file__).parent / "values" / "reference_values.npz"


def load(path=PATH):
    """Yield one dict a case: cls, kwargs, case, mode, logits, labels, value, grad (or None), source, mapping,
    dtype, rtol, atol."""
    with np.load(path) as store:
        records = json.loads(store["records"].tobytes().decode("utf-8"))
        inputs = {name: store[name] for name in store.files if name != "records"}
    for number, record in enumerate(records):
        index = record.pop("input")
        record["logits"] = inputs[f"logits_{index}"]
        record["labels"] = inputs[f"labels_{index}"]
        record["grad"] = inputs[f"grad_{number}"] if record["grad"] else None
        yield record


def add(path=PATH, **record):
    """Store one more case, with the keys that `load` yields."""
    with np.load(path) as store:
        arrays = dict(store)
    records = json.loads(arrays.pop("records").tobytes().decode("utf-8"))
    index = 1 + max(other["input"] for other in records)
    arrays[f"logits_{index}"], arrays[f"labels_{index}"] = record.pop("logits"), record.pop("labels")
    gradient = record.pop("grad")
    if gradient is not None:
        arrays[f"grad_{len(records)}"] = gradient
    records.append({**record, "input": index, "grad": gradient is not None})
    np.savez_compressed(path, records=np.frombuffer(json.dumps(records).encode("utf-8"), "uint8"), **arrays)
