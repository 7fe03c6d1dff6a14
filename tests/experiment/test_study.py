"""What is compared: read from files, in which order it runs, and when a folder of results may go on."""

import json

import pytest
import yaml

from paddleseg_losses import registry
from paddleseg_losses.errors import ConfigError, OptionError, UnknownLossError
from paddleseg_losses.experiment.study import Run, read, stored
from tests.tiny import config, write


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "task.yml", config(tmp_path, {"type": "DiceLoss"}, classes=2))


def test_a_paddleseg_file_is_one_task(file):
    study = read(file, losses="DiceLoss,FocalLoss", seeds=2, iters=7)
    assert [task.name for task in study.tasks] == ["task"]
    assert study.tasks[0].config["iters"] == 7
    assert [loss.name for loss in study.losses] == ["DiceLoss", "FocalLoss", "DiceCELoss"]  # the control comes along


def test_all_losses_by_default(file):
    assert [loss.name for loss in read(file).losses] == [spec.name for spec in registry.specs()]


def test_a_file_of_several_tasks(file):
    both = {"name": "both", "type": "WeightedSumLoss", "losses": ["DiceLoss", "FocalLoss"]}
    names = [loss.name for loss in read(file, losses=["all", both]).losses]
    assert names == [*registry.names(), "both"]
    losses = ["DiceLoss", {"name": "gamma 3", "type": "FocalLoss", "gamma": 3}]
    tasks = {
        "first": "task.yml",
        "second": {"config": "task.yml", "change": {"batch_size": 1}, "curve": "size", "at": 2},
    }
    table = {"tasks": tasks, "losses": losses, "seeds": 3, "rates": [0.1], "control": "DiceLoss"}
    study = read(write(file.parent / "compare.yml", table))
    first, second = study.tasks
    assert (first.config["batch_size"], second.config["batch_size"]) == (2, 1)
    assert (second.curve, second.at) == ("size", 2)
    assert study.losses[1].section == {"type": "paddleseg_losses.FocalLoss", "gamma": 3}
    assert (study.seeds, study.rates, study.control) == (3, (0.1,), "DiceLoss")
    assert read(file.parent / "compare.yml", seeds=1).seeds == 1  # what is given wins


def test_tuning_has_a_seed_of_its_own_and_seeds_are_outermost(file):
    study = read(file, losses="DiceLoss", seeds=2, rates=[0.01, 0.1])
    assert list(study.tuning_runs()) == [
        Run("task", loss, rate, 0, tuning=True) for loss in ("DiceLoss", "DiceCELoss") for rate in (0.01, 0.1)
    ]
    chosen = {("task", "DiceLoss"): 0.1, ("task", "DiceCELoss"): 0.01}
    assert [(run.seed, run.loss, run.rate) for run in study.reported_runs(chosen)] == [
        *((seed, *rest) for seed in (1, 2) for rest in (("DiceLoss", 0.1), ("DiceCELoss", 0.01))),
        *((seed, "DiceLoss", 0.01) for seed in (1, 2)),  # at the rate of the control, after all that matters more
    ]
    assert not list(read(file, rates=[0.1]).tuning_runs())  # nothing to choose


@pytest.mark.parametrize(
    ("classes", "name", "takes"),
    [(1, "LovaszHingeLoss", True), (1, "LovaszSoftmaxLoss", False), (2, "LovaszHingeLoss", True),
     (3, "LovaszHingeLoss", False), (3, "LovaszSoftmaxLoss", True)],
)  # fmt: skip
def test_a_loss_is_left_out_where_it_is_not_defined(tmp_path, classes, name, takes):
    file = write(tmp_path / "task.yml", config(tmp_path, {"type": "DiceLoss"}, classes=classes))
    study = read(file)
    assert (name in {loss.name for loss in study.of(study.tasks[0])}) is takes


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"losses": "DiceLos"}, UnknownLossError, "DiceLoss"),
        ({"losses": "DiceLoss,DiceLoss"}, OptionError, "more than once"),
        ({"losses": [3]}, OptionError, "sections with a `type`"),
        ({"losses": [{"name": "a/b", "type": "DiceLoss"}]}, OptionError, "part of a file's name"),
        ({"rates": [-1.0]}, OptionError, "positive learning rates"),
        ({"seeds": 0}, OptionError, "at least one seed"),
        ({"control": "DiceLos"}, UnknownLossError, "DiceLoss"),
    ],
)
def test_what_cannot_be_compared(file, given, error, words):
    with pytest.raises(error, match=words):
        read(file, **given)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"tasks": {}}, "a mapping of tasks"),
        ({"tasks": {"a": "task.yml"}, "seed": 3}, "seed"),
        ({"tasks": {"a": {"file": "task.yml"}}}, "under `config`"),
        ({"tasks": {"a": {"config": {"iters": 3}}}}, "no train_dataset"),
        ({"tasks": {"a": {"config": "missing.yml"}}}, "missing.yml"),
    ],
)
def test_files_that_are_no_study(file, table, words):
    with pytest.raises(ConfigError, match=words):
        read(write(file.parent / "compare.yml", table))


def test_a_changed_task_is_refused_with_the_difference(file, tmp_path):
    stored = json.loads(json.dumps(read(file, losses="DiceLoss").as_dict()))
    changed = yaml.safe_load(file.read_text())
    changed["batch_size"] = 3
    write(file, changed)
    with pytest.raises(ConfigError, match=r'-\s+"batch_size": 2(.|\n)*\+\s+"batch_size": 3'):
        read(file, losses="DiceLoss").require_same(stored, tmp_path)


def test_more_of_everything_is_welcome(file, tmp_path):
    stored = json.loads(json.dumps(read(file, losses="DiceLoss", seeds=2).as_dict()))
    read(file, losses="DiceLoss,FocalLoss", seeds=3, control="DiceLoss").require_same(stored, tmp_path)
    with pytest.raises(ConfigError, match="another study"):
        read(file, losses="DiceLoss", rates=[0.5]).require_same(stored, tmp_path)


def test_a_study_comes_back_from_its_folder(file, tmp_path):
    study = read(file, losses=["DiceLoss", {"name": "gamma 3", "type": "FocalLoss", "gamma": 3}], seeds=2)
    (tmp_path / "study.json").write_text(json.dumps(study.as_dict()))
    assert stored(tmp_path) == study
