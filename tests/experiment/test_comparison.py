"""Whole comparisons, as a user runs them: killed, gone on with, with runs that fail."""

import csv
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml

from paddleseg_losses.datasets.synthetic import Discs, make_synthetic_dataset
from paddleseg_losses.errors import ConfigError
from paddleseg_losses.experiment.comparison import compare, report, warnings
from paddleseg_losses.experiment.study import read
from tests.tiny import SMALL, config, write

LOSSES = ["LovaszHingeLoss"]  # and the control; two channels are joined for it
GIVEN = {"losses": LOSSES, "seeds": 2, "rates": [0.01, 0.03], "iters": 3}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    data = make_synthetic_dataset(folder / "discs", Discs(share=0.2, size=32, train=6, val=6, test=1))
    model = {**SMALL, "num_classes": 2}
    table = config(data, {"type": "DiceLoss"}, classes=2, model=model, optimizer={"type": "Adam"})
    return write(folder / "task.yml", table)


def _command(file, out):
    options = {"--losses": ",".join(LOSSES), "--seeds": 2, "--rates": "0.01,0.03", "--iters": 3}
    words = [str(word) for pair in options.items() for word in pair]
    return [sys.executable, "-m", "paddleseg_losses", "compare", "--config", str(file), "--out", str(out), *words]


def _rows(out):
    with (out / "runs.csv").open(newline="") as table:
        return list(csv.DictReader(table))


@pytest.fixture(scope="module")
def undisturbed(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    return compare(read(file, **GIVEN), out, jobs=2)


@pytest.mark.slow
def test_killed_twice_the_same_command_ends_with_the_same_table(file, undisturbed, tmp_path):
    out = tmp_path / "out"
    for finished in (2, 6):
        process = subprocess.Popen(_command(file, out), stdout=subprocess.DEVNULL, start_new_session=True)
        while not (out / "runs.csv").exists() or len(_rows(out)) < finished:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(_command(file, out), check=True, stdout=subprocess.DEVNULL)
    assert [path.name for path in out.glob("*.csv")] == ["runs.csv"]
    keys = [tuple(row[name] for name in ("task", "loss", "rate", "seed", "tuning")) for row in _rows(out)]
    assert len(keys) == len(set(keys))  # nothing was run twice
    for name in ("table.md", "table.tex"):
        assert (out / "report" / name).read_bytes() == (undisturbed / name).read_bytes()


def test_the_report(undisturbed):
    table = (undisturbed / "table.md").read_text(encoding="utf-8")
    for name in (*LOSSES, "DiceCELoss"):
        assert f"| {name} |" in table
    page = (undisturbed / "index.html").read_text(encoding="utf-8")
    assert "<table>" in page
    assert page.count("data:image/png;base64,") == len(list(undisturbed.glob("*.png"))) == 3
    assert 'src="http' not in page


def test_the_report_of_what_is_finished(undisturbed, file, tmp_path):
    """A loss counts once all its learning rates were tried."""
    out, study = tmp_path / "out", read(file, **GIVEN)
    shutil.copytree(undisturbed.parent, out)
    rows = (out / "runs.csv").read_text().splitlines(keepends=True)
    table = (report(study, out) / "table.md").read_bytes()
    assert table == (undisturbed / "table.md").read_bytes()
    (out / "runs.csv").write_text("".join(row for row in rows if ",LovaszHingeLoss,0.03,0," not in row))
    assert "LovaszHingeLoss" not in (report(study, out) / "table.md").read_text()
    (out / "runs.csv").write_text(rows[0])
    assert (report(study, out) / "table.md").read_text().startswith("## task")


def test_a_loss_sees_the_same_weights_and_batches_whatever_ran_before(undisturbed, file, tmp_path):
    """Beside another loss, each has the row that it has without it, to the last digit."""
    compare(read(file, **{**GIVEN, "losses": ["DiceLoss", "LovaszHingeLoss"], "seeds": 1}), tmp_path / "out")
    scores = [{(row["loss"], row["rate"], row["seed"], row["tuning"]): (row["dice"], row["hd95"]) for row in _rows(out)}
              for out in (undisturbed.parent, tmp_path / "out")]  # fmt: skip
    common = scores[0].keys() & scores[1].keys()
    assert {key[0] for key in common} == {"LovaszHingeLoss", "DiceCELoss"}
    assert all(scores[0][key] == scores[1][key] for key in common)


def test_seeds_differ(undisturbed):
    dice = {row["seed"]: row["dice"] for row in _rows(undisturbed.parent) if row["loss"] == "DiceCELoss"}
    assert len(set(dice.values())) == len(dice) == 3


def test_what_fails_is_a_row(file, tmp_path):
    """A loss that cannot be built, and one whose gradient explodes; the study goes on."""
    losses = [{"name": "wrong", "type": "FocalLoss", "gamma": -1}, "DiceLoss"]
    compare(read(file, losses=losses, seeds=1, rates=[1e30], iters=4), tmp_path / "out", device="cpu")
    statuses = {row["loss"]: row["status"] for row in _rows(tmp_path / "out")}
    assert statuses["wrong"] == "refused"
    assert statuses["DiceLoss"] in ("diverged", "collapsed")
    assert "1/1" in (tmp_path / "out" / "report" / "table.md").read_text(encoding="utf-8")


def test_a_run_that_takes_too_long_is_a_row(file, tmp_path):
    compare(read(file, losses="DiceLoss", seeds=1, rates=[0.01], iters=100_000), tmp_path / "out", timeout=1)
    assert {row["status"] for row in _rows(tmp_path / "out")} == {"timeout"}


class Malice:
    def __reduce__(self):
        return open, (str(self.path), "w")


def test_weights_are_not_executed(file, tmp_path):
    """A model's `pretrained` is a pickle."""
    malice = Malice()
    malice.path = tmp_path / "executed"
    (tmp_path / "evil.pdparams").write_bytes(pickle.dumps({"weight": malice}))
    table = yaml.safe_load(file.read_text())
    table["model"] = {"type": "UNet", "num_classes": 2, "pretrained": str(tmp_path / "evil.pdparams")}
    with pytest.raises(ConfigError, match="cannot be trained"):
        compare(read(write(tmp_path / "task.yml", table), losses="DiceLoss", seeds=1, iters=1), tmp_path / "out")
    assert not malice.path.exists()


def test_fewer_images_than_a_batch_do_not_wait_for_ever(file, tmp_path):
    table = yaml.safe_load(file.read_text())
    table["batch_size"] = 7
    with pytest.raises(ConfigError, match="less than one batch"):
        compare(read(write(tmp_path / "task.yml", table), losses="DiceLoss", seeds=1, iters=1), tmp_path / "out")


def test_images_of_the_mode_test_are_scored(file, tmp_path):
    """In this mode PaddleSeg would scale the labels with the images."""
    table = yaml.safe_load(file.read_text())
    transforms = [{"type": "Resize", "target_size": [16, 16]}, {"type": "Normalize"}]
    section = {**table["val_dataset"], "mode": "test", "transforms": transforms}
    table["test_dataset"] = {**section, "test_path": section.pop("val_path")}
    study = read(write(tmp_path / "task.yml", table), losses="DiceLoss", seeds=1, rates=[0.01], iters=1)
    compare(study, tmp_path / "out")
    with np.load(next((tmp_path / "out" / "counts").glob("*DiceLoss*.npz"))) as counts:
        assert counts["tp"].shape == (6, 2)
        assert (counts["tp"] + counts["fp"] + counts["fn"] + counts["tn"] == 32 * 32).all()


def test_a_file_that_cannot_be_trained_shows_at_once(file, tmp_path):
    table = config(tmp_path / "nowhere", {"type": "DiceLoss"}, classes=2)
    with pytest.raises(ConfigError, match="cannot be trained"):
        compare(read(write(tmp_path / "task.yml", table), losses="DiceLoss"), tmp_path / "out")


def test_what_makes_a_comparison_unfair_is_said(file, tmp_path):
    table = config(tmp_path, {"type": "DiceLoss"}, classes=3)
    said = [
        str(warning)
        for warning in warnings(read(write(tmp_path / "task.yml", table), losses="DiceLoss,LovaszHingeLoss"))
    ]
    assert "SGD" in said[0]
    assert "LovaszHingeLoss is left out" in said[1]
    assert not list(warnings(read(file, losses="DiceLoss")))
