"""Real trainings, six iterations each, through PaddleSeg's builder and trainer."""

import json
import math
import re

import paddle
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

import yaml

from paddleseg_losses.errors import ConfigError, OptionError
from paddleseg_losses.paddleseg.console import captured
from paddleseg_losses.paddleseg.evaluation import evaluate
from paddleseg_losses.paddleseg.shims import fixed, module
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny


def test_everything_a_training_leaves_behind(dataset, tmp_path, quick_end, capsys):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss", "alpha": 0.4})
    output, display = tmp_path / "output", tiny.recorder()
    (dataset / "labels.txt").write_text("ground\nbox\n横条\n", encoding="utf-8")
    result = train(
        path, save_dir=str(output), do_eval=True, save_interval=3, log_iters=3, display=display, use_ema=True
    )
    (dataset / "labels.txt").unlink()

    assert {p.name for p in output.iterdir()} == {
        "best_model", "ema_best_model", "iter_3", "iter_6", "metrics.json", "record.jsonl", "train.log",
    }  # fmt: skip
    assert result.checkpoint == output / "best_model"
    assert [(e["iteration"], e["ema"]) for e in result.evaluations] == [(3, False), (3, True), (6, False), (6, True)]
    assert result.scores.mean_iou == pytest.approx(max(e["mean_iou"] for e in result.evaluations if not e["ema"]))
    for c in result.scores.classes:
        assert c.dice == pytest.approx(2 * c.iou / (1 + c.iou))
    assert json.loads((output / "metrics.json").read_text()) == result.as_dict()

    table = str(result.scores).splitlines()
    assert [line.split()[0] for line in table] == ["class", "ground", "box", "横条", "mean"]
    assert display.said[0].startswith("training PPHumanSegLite on cpu, 4 images, loss 1 x TverskyLoss(alpha=0.4")
    assert any(line.startswith("iter 3/6  loss 0.") for line in display.said)
    assert any(line.startswith("iter 6  mIoU") for line in display.said)
    log = (output / "train.log").read_text()
    assert "[TRAIN] epoch" in log
    assert "[EVAL] Class IoU" in log
    assert capsys.readouterr().out == ""  # PaddleSeg itself is quiet


def test_going_on_from_a_checkpoint(dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "paddleseg_losses.DiceLoss"})
    options = {"save_dir": str(tmp_path / "output"), "log_iters": 1, "display": tiny.recorder()}
    train(path, iters=2, save_interval=2, **options)
    result = train(path, resume_model=str(tmp_path / "output" / "iter_2"), iters=4, **options)
    assert [point["iteration"] for point in result.loss] == [1, 2, 3, 4]
    assert (tmp_path / "output" / "train.log").read_text().count("[TRAIN]") == 4


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "CrossEntropyLoss", "weight": [1, 2, 3]},
        {"type": "DiceLoss"},
        {"type": "LovaszSoftmaxLoss"},
        {
            "type": "MixedLoss",
            "losses": [{"type": "CrossEntropyLoss"}, {"type": "DiceLoss"}, {"type": "paddleseg_losses.ComboLoss"}],
            "coef": [1, 0.5, 0.5],
        },
    ],
    ids=lambda entry: entry["type"],
)
def test_paddlesegs_own_losses_train_too(entry, dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, entry)
    result = train(path, save_dir=str(tmp_path / "output"), log_iters=3, do_eval=True, display=tiny.recorder())
    assert all(math.isfinite(point["loss"]) for point in result.loss)
    assert result.scores is not None


def test_override_trains_ours(dataset, tmp_path, quick_end):
    display = tiny.recorder()
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "DiceLoss", "squared_pred": True})
    train(path, save_dir=str(tmp_path / "output"), override=["DiceLoss"], iters=1, display=display)
    assert "DiceLoss(smooth=1.0, squared_pred=True" in display.said[0]


def test_a_model_that_adds_up_its_losses_itself(dataset, tmp_path, quick_end, monkeypatch):
    pytest.importorskip("paddleseg.cvlibs")
    model = module("models").PPHumanSegLite
    calls = []

    def loss_computation(self, logits_list, losses, data):
        calls.append(len(logits_list))
        return [losses["types"][0](logits_list[0], data["label"].astype("int64"))]

    monkeypatch.setattr(model, "loss_computation", loss_computation, raising=False)
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "paddleseg_losses.DiceLoss"})
    result = train(path, save_dir=str(tmp_path / "output"), log_iters=6, display=tiny.recorder())
    assert len(result.loss) == 1
    assert calls == [1] * 6


def test_without_validation_data_there_are_no_scores(dataset, tmp_path, quick_end):
    content = tiny.config(dataset, {"type": "ComboLoss"}, iters=1)
    del content["val_dataset"]
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(content))
    result = train(path, save_dir=str(tmp_path / "output"), display=tiny.recorder())
    assert result.scores is None


def test_a_class_that_does_not_occur_has_no_score(dataset, tmp_path, losses_table):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "DiceLoss"}, classes=5)
    with fixed(), captured(None, tiny.recorder()):
        builder = module("cvlibs").SegBuilder(module("cvlibs").Config(str(path)))
        model = builder.model
        predict = model.forward

        def forward(images):
            logits = predict(images)[0]
            return [paddle.concat([logits[:, :3], paddle.full_like(logits[:, 3:], -1e3)], axis=1)]

        model.forward = forward
        scores = evaluate(model, builder.val_dataset, print_detail=False)
    assert [c.iou is None for c in scores.classes] == [False, False, False, True, True]
    assert str(scores).splitlines()[-2].split() == ["class", "4", "-", "-"]
    assert scores.mean_iou == pytest.approx(sum(c.iou for c in scores.classes[:3]) / 3)


REFUSED = {
    "do_eval without data": ({"do_eval": True}, {"val_dataset": None}, "has no val_dataset"),
    "early stop without do_eval": ({"early_stop_intervals": 2}, {}, "early_stop_intervals is set"),
    "nothing is exported": ({"for_fd": True}, {}, "nothing will be exported"),
    "not a checkpoint": ({"resume_model": "nowhere/iter_2"}, {}, "There is no folder nowhere/iter_2"),
    "batch too large": ({"batch_size": 40}, {}, "less than one batch"),
    "layout": ({"data_format": "NHWC"}, {}, "NHWC with the model PPHumanSegLite"),
    "opts": ({"opts": ("nothing",)}, {}, "--opts params should be key=value"),
    "no optimizer": ({}, {"optimizer": None}, "No optimizer specified"),
    "too few coefficients": (
        {},
        {"model": {"type": "BiSeNetV2", "num_classes": 3}},
        "Outputs of the model: 5, but losses of the file: 1.",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_done_is_refused(case, dataset, tmp_path, quick_end):
    flags, changes, text = REFUSED[case]
    content = tiny.config(dataset, {"type": "TverskyLoss"}, **changes)
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
    with pytest.raises(ConfigError) as caught:
        train(path, save_dir=str(tmp_path / "output"), display=tiny.recorder(), **flags)
    assert text in str(caught.value.found)
    assert str(caught.value.cure)


def test_a_flag_that_the_installed_version_does_not_know(dataset, tmp_path, quick_end):
    import inspect

    if "early_stop_intervals" in inspect.signature(module("core.train").train).parameters:
        pytest.skip("this PaddleSeg knows all flags")
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"})
    for name, value in {"early_stop_intervals": 2, "use_multilabel": True}.items():
        with pytest.raises(ConfigError, match=f"--{name} is set, but PaddleSeg .* does not support it"):
            train(path, save_dir=str(tmp_path / "output"), display=tiny.recorder(), **{name: value})


BOOTSTRAPPED = {"type": "BootstrappedCrossEntropyLoss", "min_K": 64, "loss_th": 0.3}  # PaddleSeg has it, we do not


def test_a_schedule_around_a_loss_of_paddlesegs(dataset, tmp_path, quick_end):
    ramp = {"kind": "linear", "start": 0, "end": 1, "steps": 4}
    theirs = {"type": "WeightedSumLoss", "losses": [BOOTSTRAPPED], "schedule": ramp}
    entry = {"type": "WeightedSumLoss", "losses": [{"type": "paddleseg_losses.DiceLoss"}, theirs]}
    path = tiny.write_config(tmp_path / "config.yml", dataset, entry)
    result = train(path, save_dir=str(tmp_path / "output"), iters=4, log_iters=1, display=tiny.recorder())
    weights = [{term["name"]: term["weight"] for term in point["terms"]} for point in result.loss]
    assert [weight["WeightedSumLoss"] for weight in weights] == [0, 0.25, 0.5, 0.75]
    assert [weight["DiceLoss"] for weight in weights] == [1, 1, 1, 1]


def _losses(entry):
    return {"loss": {"types": [entry], "coef": [1]}}


UNBUILDABLE = {
    "model": ({"model": {"type": "PPHumanSegLit"}}, "has no component named 'PPHumanSegLit'", "PPHumanSegLite"),
    "optimizer": ({"optimizer": {"type": "Adamm"}}, "has no component named 'Adamm'", "Adam"),
    "option": ({"model": {**tiny.MODEL, "num_clases": 3}}, "PPHumanSegLite cannot be created: .*num_clases", "section"),
    "rate": (
        {"lr_scheduler": {"type": "PolynomialDecay", "learning_rate": -1}},
        "PolynomialDecay cannot be created",
        "section",
    ),
    "loss": (_losses({"type": "TverskiLoss"}), "TverskiLoss", "TverskyLoss.*check .* shows all"),
    "schedule": (
        _losses({"type": "OhemCrossEntropyLoss", "schedule": {"kind": "constant", "value": 1}}),
        "has no schedule",
        "write {type: WeightedSumLoss",
    ),
}


@pytest.mark.parametrize("case", UNBUILDABLE)
def test_what_paddleseg_cannot_build_is_explained(case, dataset, tmp_path, quick_end):
    changes, found, cure = UNBUILDABLE[case]
    path = tiny.write(tmp_path / "config.yml", {**tiny.config(dataset, {"type": "TverskyLoss"}), **changes})
    with pytest.raises(ConfigError) as caught:
        train(path, save_dir=str(tmp_path / "output"), display=tiny.recorder())
    assert re.search(found, str(caught.value.found))
    assert re.search(cure, str(caught.value.cure))
    assert str(path) in str(caught.value.found)


@pytest.mark.parametrize("name", ["iters", "log_iters", "save_interval", "batch_size", "repeats"])
def test_a_flag_of_0_is_refused(name, tmp_path):
    with pytest.raises(OptionError, match=f"{name}=0"):
        train(tmp_path / "config.yml", **{name: 0})


def test_an_earlier_training_is_told_of_and_its_log_kept(dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"})
    displays = [tiny.recorder(), tiny.recorder()]
    for display in displays:
        train(path, save_dir=str(tmp_path / "output"), iters=1, log_iters=1, display=display)
    told = [[text for text in display.warned if "contains an earlier training" in text] for display in displays]
    assert list(map(len, told)) == [0, 1]
    assert (tmp_path / "output" / "train.log").read_text().count("[TRAIN]") == 2


def test_the_error_of_a_constructor_arrives_whole(dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss", "alpha": -1})
    with pytest.raises(OptionError) as caught:
        train(path, save_dir=str(tmp_path / "output"), display=tiny.recorder())
    assert str(caught.value.found) == "TverskyLoss: alpha=-1."


def test_a_loss_that_is_no_number_is_reported_once(tmp_path):
    display = tiny.recorder()
    line = "[TRAIN] epoch: 1, iter: {}/9, loss: {}, lr: 0.01, batch_cost: 0.1, reader_cost: 0.1, ips: 1 | ETA 00:00:01"
    with captured(tmp_path / "train.log", display) as log:
        for iteration, loss in enumerate(("0.5", "nan", "nan"), 1):
            log.record("INFO", line.format(iteration, loss))
        log.record("WARNING", "something to know")
        print("noise")
    assert [step.loss for step in log.steps] == pytest.approx([0.5, math.nan, math.nan], nan_ok=True)
    assert [text.split(":")[0] for text in display.warned] == ["the loss is nan at iteration 2", "warning"]
    assert (tmp_path / "train.log").read_text().endswith("[WARNING] something to know\nnoise\n")


def test_a_paddleseg_before_2_8_is_told_apart(dataset, tmp_path, losses_table, monkeypatch):
    monkeypatch.delattr(module("cvlibs"), "SegBuilder")
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"})
    with pytest.raises(ConfigError, match="has no SegBuilder") as caught:
        train(path, save_dir=str(tmp_path / "output"))
    assert "paddleseg-losses run train.py" in str(caught.value.cure)


def test_a_file_of_medicalseg_is_told_apart(tmp_path):
    path = tiny.write(tmp_path / "config.yml", tiny.volume_config(tmp_path / "volumes", {"type": "TverskyLoss"}))
    with pytest.raises(ConfigError, match="is a configuration of MedicalSeg") as caught:
        train(path, save_dir=str(tmp_path / "output"))
    assert "run train.py" in str(caught.value.cure)
