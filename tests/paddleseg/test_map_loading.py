"""Distance maps made by the workers that load the data reach the losses in PaddleSeg's own loop."""

import pytest

from paddleseg_losses.functional import edt, tubes
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

MAPS = {"type": "paddleseg_losses.DistanceMaps", "num_classes": 3}


BOUNDARY = {"type": "BoundaryLoss", "spacing": [1.0, 2.0]}


def _train(dataset, folder, transforms, section=BOUNDARY, **flags):
    content = tiny.config(dataset, section, iters=4)
    content["train_dataset"]["transforms"] += transforms
    del content["val_dataset"]
    path, recorder = tiny.write(folder / "config.yml", content), tiny.recorder()
    result = train(
        path, save_dir=str(folder / f"output{len(transforms)}"), log_iters=1, seed=0, display=recorder, **flags
    )
    return [point["loss"] for point in result.loss], recorder.warned


@pytest.mark.parametrize("workers", [0, 1])
def test_maps_from_the_pipeline_change_nothing_but_where_they_are_made(
    workers, dataset, tmp_path, quick_end, monkeypatch
):
    monkeypatch.setenv("PADDLESEG_LOSSES_KERNELS", "composed")  # kernels compute maps elsewhere
    calls, real = [], edt.host_distance
    monkeypatch.setattr(edt, "host_distance", lambda *args: (calls.append(1), real(*args))[1])
    plain, _ = _train(dataset, tmp_path, [])
    assert len(calls) == 4
    known, warned = _train(dataset, tmp_path, [{**MAPS, "spacing": [1.0, 2.0]}], num_workers=workers)
    assert len(calls) == 4
    assert known == plain
    assert warned == []


@pytest.mark.filterwarnings("default:known distance maps")
def test_maps_that_do_not_fit_are_said_to_be_useless(dataset, tmp_path, quick_end):
    plain, _ = _train(dataset, tmp_path, [])
    unused, warned = _train(dataset, tmp_path, [MAPS])
    assert unused == plain
    assert len(warned) == 1
    assert "no loss could use them" in warned[0]


def test_tubes_are_thinned_where_the_data_is_loaded(dataset, tmp_path, quick_end, monkeypatch):
    calls, real = [], tubes.host_tubes
    monkeypatch.setattr(tubes, "host_tubes", lambda *args: (calls.append(1), real(*args))[1])
    section = {"type": "SkeletonRecallLoss", "tube": 1}
    plain, _ = _train(dataset, tmp_path, [], section)
    assert len(calls) == 4
    transform = {"type": "paddleseg_losses.LabelSkeleton", "num_classes": 3, "tube": 1}
    known, warned = _train(dataset, tmp_path, [transform], section)
    assert len(calls) == 4
    assert known == plain
    assert warned == []


def test_weights_of_gaps_reach_the_loss(dataset, tmp_path, quick_end):
    section = {"type": "paddleseg_losses.CrossEntropyLoss"}
    plain, _ = _train(dataset, tmp_path, [], section)
    transform = {"type": "paddleseg_losses.BorderWeights", "num_classes": 3}
    weighted, warned = _train(dataset, tmp_path, [transform], section)
    assert warned == []
    assert weighted[0] != plain[0]
    alike, _ = _train(dataset, tmp_path, [{**transform, "w0": 0, "class_weight": [2, 2, 2]}], section)
    assert alike == pytest.approx(plain)
