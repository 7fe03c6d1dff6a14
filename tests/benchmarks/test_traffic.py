"""No loss moves, keeps or launches more than it did where its kernels are not; the counter counts what it should."""

import json
from importlib.metadata import version

import pytest

from benchmarks.traffic import RESULTS, SMALL, count, losses
from benchmarks.traffic.log import read_log

CHECKED = (
    "CrossEntropyLoss",
    "FocalLoss",
    "DiceLoss",
    "DiceCELoss",
    "GeneralizedDiceLoss",
    "LovaszSoftmaxLoss",
    "BoundaryLoss",
    "SoftCLDiceLoss",
    "CELovaszLoss",
    "WeightedSumLoss",
)
LIMITS = {  # at the page's size, in logits: traffic of both passes, what is kept, and the peak
    "CrossEntropyLoss": (11.4, 1.15, 2.3),
    "FocalLoss": (12.8, 1.3, 2.3),
    **dict.fromkeys(("DiceLoss", "TverskyLoss", "JaccardLoss", "GeneralizedDiceLoss"), (21.6, 1.1, 3.3)),
    "DiceCELoss": (26.6, 1.2, 3.4),
    "ExpLogLoss": (32.8, 1.25, 3.4),
    "SensitivitySpecificityLoss": (44.2, 1.25, 4.1),
    "AsymmetricFocalLoss": (18.5, 1.3, 2.5),
    "LovaszSoftmaxLoss": (60, 2.1, 4.5),
    "CELovaszLoss": (65.1, 2.2, 4.6),
    "WeightedSumLoss": (30.3, 1.3, 3.6),
    "BoundaryLoss": (388, 2.0, 57),
    "HausdorffDTLoss": (766, 4.0, 64),
    "SoftCLDiceLoss": (1017, 15.5, 28.5),
    "HausdorffERLoss": (1025, 13.2, 26.5),
}
KNOWN_LIMITS = {  # where DistanceMaps has made the maps of the labels
    "BoundaryLoss": (26.5, 2.02, 4.1),
    "DistancePenalizedCELoss": (39.3, 1.25, 6.1),
    "HausdorffDTLoss": (430, 4.0, 64),
}
STORED = json.loads(RESULTS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def counted():
    return {row["loss"]: row for row in count([*CHECKED, "PaddleSeg.CrossEntropyLoss"], SMALL)}


@pytest.mark.skipif(version("paddlepaddle") != STORED["paddle"], reason="operators differ between versions of Paddle")
@pytest.mark.parametrize("name", CHECKED)
def test_no_more_than_before(counted, name):
    now, before = counted[name], STORED["small"][name]
    for what in ("launches", "traffic", "peak"):
        assert [a <= b for a, b in zip(now[what], before[what])] == [True, True], (what, now[what], before[what])
    assert now["saved"] <= before["saved"]


@pytest.mark.parametrize("name", CHECKED)
def test_the_host_never_waits(counted, name):
    assert (counted[name]["waits"], counted[name]["copies"]) == (0, 0)


def test_cross_entropy_of_paddleseg(counted):
    """Its softmax is written once and kept; the rest agrees with another count of the same operators."""
    row = counted["PaddleSeg.CrossEntropyLoss"]
    assert row["saved"] == pytest.approx(1.1, abs=0.1)
    assert sum(row["traffic"]) == pytest.approx(8.5, abs=0.3)


@pytest.mark.parametrize(("table", "limits"), [("rows", LIMITS), ("known_maps", KNOWN_LIMITS)])
def test_limits(table, limits):
    for name, limit in limits.items():
        row = STORED[table][name]
        moved = (sum(row["traffic"]), row["saved"], max(row["peak"]))
        assert [a <= b for a, b in zip(moved, limit)] == [True] * 3, (name, moved)


def test_every_loss_has_a_row():
    assert {name for name in STORED["rows"] if "." not in name} == set(losses())
    assert STORED["rows"].keys() == STORED["small"].keys()


LOG = """@@Loss forward
I0101 00:00:00.0 1 api.cc:1] multiply API kernel key: [CPU, NCHW, float32]
I0101 00:00:00.0 1 f.cc:1]
Forward Debug Info {
API_Name: multiply1
Input: [
( x , {
\tInitialized: 1,
\tTensor_Ptr:0x1,
\tTensor_Impl_Ptr: 0xa,
\tTensorInfo: {
\t\tDtype: float32,
\t\tShape: 2, 3,
\t},
}), ]
Output: [
( out , {
\tInitialized: 1,
\tTensor_Ptr:0x2,
\tTensor_Impl_Ptr: 0xb,
\tTensorInfo: {
\t\tDtype: bool,
\t\tShape: 2, 3,
\t},
}), ] }
I0101 00:00:00.0 1 f.cc:1] end
@@
"""


@pytest.mark.parametrize("indented", [False, True], ids=["", "in a PyLayer"])
def test_an_entry_of_the_log(tmp_path, indented):
    lines = LOG.splitlines(keepends=True)
    text = "".join(f"\t{line}" if indented and not line.startswith("@@") else line for line in lines)
    (tmp_path / "log").write_text(text)
    traffic = read_log(tmp_path / "log")["Loss", "forward"]
    assert (traffic.launches, traffic.bytes, traffic.largest()) == (1, 24 + 6, [("multiply", 30)])


@pytest.mark.parametrize(
    ("name", "kernel", "bytes_"),
    [("add_", "add", 24 + 6), ("take_along_axis", "take_along_axis", 2 * 6), ("add_", "multiply", 0)],
)
def test_what_an_operator_touches(tmp_path, name, kernel, bytes_):
    """In place it is seen by its kernel; what picks elements reads no others."""
    log = LOG.replace("multiply1", f"{name}1").replace("multiply API", f"{kernel} API")
    (tmp_path / "log").write_text(log)
    assert read_log(tmp_path / "log")["Loss", "forward"].bytes == bytes_


def test_the_gradient_of_a_part_writes_the_whole(tmp_path):
    """It is no view; and the address of a view that is gone makes no view of another tensor."""
    whole = "bool,\n\t\tShape: 2, 3,"
    view = LOG.replace("multiply", "slice").replace(whole, "float32,\n\t\tShape: 1, 3,")
    # As large as the whole, at the address of the view.
    reader = LOG.partition("\n")[2].replace("0xb", "0xe").replace("0xa", "0xb")
    (tmp_path / "log").write_text(view.removesuffix("@@\n") + reader)
    assert read_log(tmp_path / "log")["Loss", "forward"].largest() == [("multiply", 30)]
    (tmp_path / "log").write_text(view.removesuffix("@@\n") + reader.replace("2, 3,", "1, 3,", 1))
    assert read_log(tmp_path / "log")["Loss", "forward"].largest() == [("contiguous copy", 24), ("multiply", 18)]
    gradient = f"""@@Loss backward
I0101 00:00:00.0 1 api.cc:1] slice_grad API kernel key: [CPU, NCHW, float32]
Running_AD_API_GRAD: slice_grad==
{{ Input: [
{_tensor("input", "0xa", "2, 3,")}
{_tensor("out_grad", "0xc", "1, 3,")}
Output: [
{_tensor("input_grad", "0xd", "2, 3,")}
Finish_AD_API_GRAD: slice_grad==
@@
"""
    (tmp_path / "log").write_text(gradient)
    assert read_log(tmp_path / "log")["Loss", "backward"].largest() == [("slice_grad", 12 + 24)]


def _tensor(name, address, shape):
    return (
        f"( {name} , [{{\n\tInitialized: 1,\n\tTensor_Ptr:0x1,\n\tTensor_Impl_Ptr: {address},\n"
        f"\tTensorInfo: {{\n\t\tDtype: float32,\n\t\tShape: {shape}\n\t}},\n}}]), "
    )
