"""A study that is packed and laid out again is the same."""

import gc
import weakref

import numpy as np
import pytest

from paddleseg_losses.experiment.archive import pack, read_archive, unpack
from paddleseg_losses.experiment.ledger import Ledger
from paddleseg_losses.experiment.report import write_report
from paddleseg_losses.experiment.results import TaskResults
from paddleseg_losses.experiment.study import Run, read
from paddleseg_losses.experiment.summary import summarize
from paddleseg_losses.experiment.tables import markdown
from tests.tiny import config, write

RATES = (0.01, 0.1)


def _counts(seed, images=4, classes=2):
    random = np.random.default_rng(seed)
    tp, fp, fn = random.integers(1, 300, (3, images, classes))
    hd95 = np.where(random.random((images, classes)) < 0.2, np.nan, random.random((images, classes)) * 40)
    return {"tp": tp, "fp": fp, "fn": fn, "tn": 1024 - tp - fp - fn, "hd95": hd95, "surface_dice": hd95 / 40}


@pytest.fixture
def study(tmp_path):
    file = write(tmp_path / "task.yml", config(tmp_path, {"type": "DiceLoss"}, classes=2))
    return read(file, losses="DiceLoss", rates=RATES, seeds=2)


@pytest.fixture
def ledger(study, tmp_path):
    """Two losses; one run has diverged."""
    runs = [Run("task", loss.name, rate, 0, tuning=True) for loss in study.losses for rate in RATES]
    runs += [Run("task", loss.name, 0.01, seed) for loss in study.losses for seed in (1, 2)]
    with Ledger(tmp_path / "out").opened(study) as ledger:
        for number, run in enumerate(runs):
            outcome = {"status": "ok", "dice": 1 / (number + 2), "hd95": 3.0, "step_ms": 5.0 + number}
            if run == runs[-1]:
                outcome = {"status": "diverged", "step_ms": 5.0}
            else:
                counts = _counts(number, images=3 if run.tuning else 4)
                np.savez(ledger.counts_file(run), prediction_0=np.zeros((32, 32)), **counts)
            ledger.append(run, outcome)
    return ledger


def test_the_same_study_comes_back(study, ledger, tmp_path):
    pack(ledger, tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["runs.csv", "study.json", "task.npz"]
    unpack(tmp_path / "kept", Ledger(tmp_path / "again"))
    with Ledger(tmp_path / "again").opened(study) as again:
        assert again.rows == ledger.rows  # none is to be repeated
    for archive in (read_archive(study, tmp_path / "kept"), again):
        for run in [run for run, row in ledger.rows.items() if row["status"] == "ok"]:
            before, after = ledger.counts(run), archive.counts(run)
            assert all(np.array_equal(before[name], after[name]) for name in ("tp", "fp", "fn", "tn"))
            for name in ("hd95", "surface_dice"):
                np.testing.assert_allclose(after[name], before[name], rtol=1e-6)
        assert markdown([TaskResults(study, archive, study.tasks[0])]) == markdown(
            [TaskResults(study, ledger, study.tasks[0])]
        )


def test_results_end_with_their_last_user(study, ledger):
    results = TaskResults(study, ledger, study.tasks[0])
    assert results.own
    gone = weakref.ref(results)
    del results
    gc.collect()
    assert gone() is None


def test_a_report_of_runs_of_which_some_were_laid_out_again(study, ledger):
    """Those have no predictions to draw."""
    images = {f"{what}_0": np.zeros((32, 32), "uint8") for what in ("image", "truth")}
    np.savez(ledger.images_file("task"), **images)
    for run in filter(lambda run: run.loss == "DiceLoss", ledger.rows):
        counts = {name: value for name, value in ledger.counts(run).items() if name != "prediction_0"}
        np.savez(ledger.counts_file(run), **counts)
    folder = write_report(study, ledger)
    assert {"index.html", "task-predictions.png"} <= {path.name for path in folder.iterdir()}


def test_what_runs_say(study, ledger):
    """Numbers of the tables, by name."""
    task = summarize(study, ledger)["tasks"]["task"]
    dice, control = task["losses"]["DiceLoss"], task["losses"]["DiceCELoss"]
    assert (task["images"], dice["rate"], dice["runs"], dice["succeeded"]) == (4, 0.01, 2, 2)
    assert (control["runs"], control["succeeded"], control["failed"]) == (2, 1, {"diverged": 1})
    assert dice["scores"]["dice"] == pytest.approx([(1 / 6 + 1 / 7) / 2, 2**-0.5 * (1 / 6 - 1 / 7)], abs=1e-4)
    assert control["scores"]["dice"] == [0.125, None]  # no spread from one seed
    assert control["differences"]["dice"] == [0, 0, 0]
    value, low, high = dice["differences"]["hd95"]
    assert low <= value <= high
    assert control["step"] == 1


def test_an_unfinished_task_says_nothing(study, ledger):
    ledger.rows.popitem()
    assert summarize(study, ledger)["tasks"] == {}
