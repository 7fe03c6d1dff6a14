"""The plain NumPy losses give the stored values, and differentiate to the stored gradients."""

import numpy as np
import pytest

from . import REFERENCE, common, compound, stored

RECORDS = list(stored.load())


def name(record):
    options = ",".join(f"{key}={value}" for key, value in record["kwargs"].items() if key != "dist_matrix")
    return f"{record['cls']}({options})-{record['case'].split()[0]}"


def only(wanted):
    records = [record for record in RECORDS if record["cls"] in REFERENCE and wanted(record)]
    return pytest.mark.parametrize("record", records, ids=name)


def test_a_case_is_added(tmp_path):
    path = tmp_path / "values.npz"
    path.write_bytes(stored.PATH.read_bytes())
    for record in (RECORDS[0], {**RECORDS[0], "cls": "MyLoss", "grad": None}):
        stored.add(path, **record)
    *before, same, without = stored.load(path)
    assert len(before) == len(RECORDS)
    assert without["cls"] == "MyLoss"
    assert without["grad"] is None
    for key, value in RECORDS[0].items():
        np.testing.assert_array_equal(same[key], value)
        np.testing.assert_array_equal(before[0][key], value)


def test_every_stored_class_has_a_reference():
    assert {record["cls"] for record in RECORDS} <= set(REFERENCE)


@only(lambda record: True)
def test_value(record):
    value = REFERENCE[record["cls"]](record["logits"], record["labels"], **record["kwargs"])
    np.testing.assert_allclose(value, record["value"], rtol=record["rtol"], atol=record["atol"])


# Away from SSL, whatever carries no gradient (distance fields, sort orders, contours) is locally constant.
@only(lambda record: record["grad"] is not None and record["cls"] != "StructuralSimilarityLoss")
def test_directional_derivative(record):
    function, logits, step = REFERENCE[record["cls"]], record["logits"], 1e-6
    direction = np.random.default_rng(0).normal(size=logits.shape)
    ahead, behind = (
        function(logits + sign * step * direction, record["labels"], **record["kwargs"]) for sign in (1, -1)
    )
    slopes = record["grad"] * direction
    # In proportion to what the sum is made of: the slopes may cancel.
    tolerance = (1e-5 if record["dtype"] == "float32" else 1e-6) * np.abs(slopes).sum()
    np.testing.assert_allclose((ahead - behind) / (2 * step), slopes.sum(), rtol=0, atol=tolerance + 1e-9)


@only(lambda record: record["cls"] == "StructuralSimilarityLoss")
def test_gradient_of_structural_similarity(record):
    """The similarity weights move with the logits but carry no gradient: no difference quotient here."""
    x = common.prepare(record["logits"], record["labels"])
    weight = compound.dissimilarity(x, **record["kwargs"])
    gradient = weight * (np.exp(-common.softplus(-x.z)) - x.g) / np.count_nonzero(weight)
    np.testing.assert_allclose(gradient, record["grad"], rtol=record["rtol"], atol=record["atol"])
