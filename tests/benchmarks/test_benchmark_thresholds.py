"""The arithmetic of ratios and verdicts, on figures made by hand."""

import pytest

from benchmarks import report, thresholds
from benchmarks.cases import EDT
from benchmarks.thresholds import MIB


def _row(loss, peer, ms, shape="A", size=(4, 19, 512, 512), **more):
    return {"loss": loss, "shape": shape, "size": list(size), "peer": peer, "ms": ms, **more}


def _found(verdicts):
    return {(str(v.asked), v.loss): (str(v.found), v.met) for v in verdicts}


def test_ratios_are_to_the_fastest_that_is_not_ours():
    rows = [
        _row("DiceLoss", "ours", 10.0),
        _row("DiceLoss", "composed", 5.0),
        _row("DiceLoss", "torch", 39.0),
        _row("DiceLoss", "PaddleSeg", 150.0),
        {"loss": "DiceLoss", "shape": "A", "peer": "MONAI", "error": "it fell over"},
    ]
    checks = _found(thresholds.speed(rows))
    assert checks[">= 1.2x fastest peer", "DiceLoss"] == ("3.90x (torch)", True)
    assert checks[">= 4x fastest peer at C >= 19", "DiceLoss"] == ("3.90x (torch)", False)
    assert checks[">= 15x PaddleSeg", "DiceLoss"] == ("15.00x", True)
    assert len(checks) == 3


def test_thresholds_of_many_classes_hold_from_19_on():
    rows = [
        _row("FocalLoss", "ours", 1.0, "B", (8, 2, 512, 512)),
        _row("FocalLoss", "torch", 2.0, "B", (8, 2, 512, 512)),
    ]
    assert _found(thresholds.speed(rows)) == {(">= 1.2x fastest peer", "FocalLoss"): ("2.00x (torch)", True)}


def test_without_a_peer_nothing_is_met_or_missed():
    assert [v.met for v in thresholds.speed([_row(EDT, "ours", 1.0, "maps", (1, 16, 512, 512))])] == []
    assert [v.met for v in thresholds.speed([_row("ComboLoss", "ours", 1.0)])] == [None]


def test_a_loss_of_ours_that_fails_is_a_missed_floor():
    (verdict,) = thresholds.speed([{"loss": "MCCLoss", "shape": "A", "peer": "ours", "error": "MemoryError"}])
    assert verdict.met is False
    assert verdict.found == "MemoryError"


@pytest.mark.parametrize(
    ("ms", "reasons", "met"), [(30.0, {}, True), (31.0, {}, False), (31.0, {"MCCLoss": "why"}, True)]
)
def test_other_losses_cost_three_dices_or_have_a_reason(monkeypatch, ms, reasons, met):
    monkeypatch.setattr(thresholds, "REASONS", reasons)
    (verdict,) = thresholds.speed([_row("MCCLoss", "ours", ms, dice_ms=10.0)])
    assert verdict.met is met
    assert ("why" in str(verdict.found)) is bool(reasons)


@pytest.mark.parametrize(("ours", "met"), [(0.2, True), (0.4, False)])
def test_tiny_is_compared_with_the_composed_one(ours, met):
    rows = [
        _row("DiceLoss", peer, ms, "tiny", (2, 5, 8, 8))
        for peer, ms in (("ours", ours), ("composed", 0.3), ("paddle", 0.1))
    ]
    (verdict,) = thresholds.speed(rows)
    assert verdict.met is met
    assert str(verdict.found) == f"{1e3 * ours:.0f} us, composed 300 us, unchecked and by hand 100 us"


@pytest.mark.parametrize(("ours", "met"), [(0.3, True), (0.31, False)])
def test_small_is_compared_with_a_call_of_paddle(ours, met):
    rows = [
        _row("DiceLoss", peer, ms, "small", (2, 4, 32, 32)) for peer, ms in (("ours", ours), ("F.cross_entropy", 0.1))
    ]
    (verdict,) = thresholds.speed(rows)
    assert (str(verdict.asked), verdict.met) == ("<= 3x a call of F.cross_entropy", met)


def test_a_threshold_may_hold_on_one_shape_alone():
    rows = [_row("DiceLoss", peer, ms, "binary", (8, 1, 512, 512)) for peer, ms in (("ours", 1.0), ("torch", 1.4))]
    checks = _found(thresholds.speed(rows))
    assert checks[">= 1.5x fastest peer on binary", "DiceLoss"] == ("1.40x (torch)", False)
    assert not any("on C" in asked for asked, _ in checks)


@pytest.mark.parametrize(("spare", "met"), [(5.0, True), (5.1, False)])
def test_memory_is_one_gradient_and_five_mebibytes(spare, met):
    row = {"loss": "DiceLoss", "shape": "x", "peer": "ours", "bytes": int((8 + spare) * MIB)}
    (verdict,) = thresholds.memory([row, {**row, "peer": "torch"}], lambda name: (2, 1, 1024, 1024))
    assert verdict.met is met


def test_growth_and_threads():
    rows = [{"loss": "DiceLoss", "along": "pixels", "ns": ns} for ns in (2.0, 9.0, 3.1)]
    assert [v.met for v in thresholds.growth(rows)] == [False]
    rows = [{"loss": "DiceLoss", "shape": "A", "one_ms": one, "several_ms": 10.0, "threads": 2} for one in (14.0, 13.0)]
    assert [v.met for v in thresholds.scaling(rows)] == [True, False]


def test_other_forms_of_labels_are_compared_with_indices():
    rows = [
        {"loss": "DiceLoss", "size": [2, 8, 9, 9], "ms": {"index": 1.0, "one-hot": 1.3, "soft": 3.1}},
        {"loss": "MCCLoss", "size": [2, 8, 9, 9], "ms": {"index": 1.0, "one-hot": 1.4}},
        {"loss": "NACLLoss", "size": [2, 8, 9, 9], "error": "it fell over"},
    ]
    assert _found(thresholds.labels(rows)) == {
        ("one-hot labels <= 1.3x class indices", "DiceLoss"): ("1.30x", True),
        ("soft labels <= 3x class indices", "DiceLoss"): ("3.10x", False),
        ("one-hot labels <= 1.3x class indices", "MCCLoss"): ("1.40x", False),
        ("it runs", "NACLLoss"): ("it fell over", False),
    }
    assert {v.where for v in thresholds.labels(rows)} == {"[2,8,9,9]"}


def test_accuracy():
    rows = [
        {"loss": "region sums", "value": 3e-7, "gradient": None},
        {"loss": "DiceLoss", "value": 1.0, "gradient": 1e-6, "composed": 3e-6},
        {"loss": "MCCLoss", "error": "no"},
        {"loss": "LovaszSoftmaxLoss", "value": 1.0, "gradient": 1e-5, "composed": 2e-5},
    ]
    verdicts = thresholds.accuracy(rows)
    assert [v.met for v in verdicts] == [False, True, False, False]
    assert str(verdicts[1].found) == "1.0e-06, composed 3.0e-06"
    assert str(verdicts[3].found) == "1.0e-05, composed 2.0e-05"


def test_the_table_joins_times_and_memory():
    results = {
        "times": [_row("DiceLoss", "ours", 10.0, roofline_ms=5.0), _row("DiceLoss", "torch", 40.0, roofline_ms=5.0)],
        "memory": [{"loss": "DiceLoss", "shape": "A", "peer": "ours", "bytes": 3 * MIB}],
    }
    ours, torch = report.table(results)
    assert (ours["of_fastest"], ours["of_roofline"], ours["extra_mib"]) == (0.25, 2.0, 3.0)
    assert (torch["of_fastest"], torch["of_roofline"], torch["extra_mib"]) == (1.0, 8.0, None)
