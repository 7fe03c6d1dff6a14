"""Schedules and terms in real trainings: counted in steps, resumed with the checkpoint, in the log and in VisualDL."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import paddle
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses import DiceLoss, build
from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.config import load
from paddleseg_losses.paddleseg.display import Display, Term, describe
from paddleseg_losses.paddleseg.monitor import LossMonitor, monitored
from paddleseg_losses.paddleseg.shims import fixed, module
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny

RAMP = {"kind": "linear", "start": 0, "end": 1, "steps": 10}
SUM = {
    "type": "WeightedSumLoss",
    "losses": [{"type": "paddleseg_losses.DiceLoss"}, {"type": "BoundaryLoss", "schedule": RAMP}],
    "coef": [1, 0.5],
}


class Recorder(Display):
    def __init__(self):
        super().__init__()
        self.said = []

    def say(self, text):
        self.said.append(text)


def _weights(result, name="BoundaryLoss"):
    return [term["weight"] for point in result.loss for term in point["terms"] if term["name"] == name]


def test_a_resumed_training_goes_on_where_it_was(dataset, tmp_path, quick_end):
    # One batch is the whole dataset, so that the order of the images does not matter.
    path = tiny.write_config(tmp_path / "config.yml", dataset, SUM, batch_size=4)

    def run(name, **flags):
        return train(path, save_dir=str(tmp_path / name), log_iters=1, seed=0, display=Recorder(), **flags)

    whole = run("whole", save_interval=3)
    rest = run("rest", resume_model=str(tmp_path / "whole" / "iter_3"))
    assert _weights(whole) == pytest.approx([0, 0.05, 0.1, 0.15, 0.2, 0.25])
    assert [point["iteration"] for point in rest.loss] == [1, 2, 3, 4, 5, 6]  # what was before is kept
    assert _weights(rest) == _weights(whole)
    for actual, expected in zip(rest.loss, whole.loss):
        assert actual["loss"] == pytest.approx(expected["loss"], abs=1e-4)
        for one, other in zip(actual["terms"], expected["terms"]):
            assert one["value"] == pytest.approx(other["value"], abs=1e-5)


def test_the_worked_example():
    path = Path(__file__).parents[2] / "configs" / "quick_start" / "mni_boundary.yml"
    assert check(path).right
    (entry,) = load(path)["loss"]["types"]
    loss = build(entry)
    for step, alpha in {0: 0.01, 100: 0.255, 200: 0.5, 9999: 0.5}.items():
        loss.step(to=step)
        loss(paddle.randn([1, 4, 6, 7]), paddle.randint(0, 4, [1, 6, 7]))
        assert loss.weights == pytest.approx({"DiceLoss": 1 - alpha, "BoundaryLoss": alpha})


def test_the_terms_add_up_to_the_loss(dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, SUM)
    display = Recorder()
    result = train(path, save_dir=str(tmp_path / "output"), log_iters=1, iters=3, display=display)
    for point in result.loss:
        total = sum(term["weight"] * term["value"] for term in point["terms"])
        assert point["loss"] == pytest.approx(total, abs=1e-4)
    lines = [line for line in map(str, display.said) if line.startswith("iter ")]
    assert "(DiceLoss 1 x 0." in lines[0]
    assert "+ BoundaryLoss 0.05 x " in lines[1]
    log = (tmp_path / "output" / "train.log").read_text()
    assert log.count("[TRAIN] iter: 2, terms: DiceLoss 1 x 0.") == 1
    assert json.loads((tmp_path / "output" / "metrics.json").read_text())["loss"] == result.loss


def test_means_over_an_interval(dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, SUM)
    result = train(path, save_dir=str(tmp_path / "output"), log_iters=3, display=Recorder())
    assert _weights(result) == pytest.approx([0.05, 0.2])  # of 0, 0.05, 0.1 and of 0.15, 0.2, 0.25


def test_many_heads_count_one_step(dataset, tmp_path, quick_end):
    section = {"types": [SUM], "coef": [1, 0.5, 0.25, 0.125, 0.125]}
    model = {"type": "BiSeNetV2", "num_classes": 3}
    path = tiny.write_config(tmp_path / "config.yml", dataset, section, model=model)
    result = train(path, save_dir=str(tmp_path / "output"), log_iters=1, iters=2, display=Recorder())
    for step, point in enumerate(result.loss):
        assert [(t["head"], t["name"]) for t in point["terms"]] == [
            (head, name) for head in range(5) for name in ("DiceLoss", "BoundaryLoss")
        ]
        assert {t["weight"] for t in point["terms"] if t["name"] == "BoundaryLoss"} == {0.05 * step}
        assert [t["coef"] for t in point["terms"][::2]] == section["coef"]
        total = sum(t["coef"] * t["weight"] * t["value"] for t in point["terms"])
        assert point["loss"] == pytest.approx(total, abs=1e-3)


def _calculated(text):
    """What the terms of a line come to, as a reader reckons."""
    sums = re.sub(r"head \d+: ", "", text).replace(";", " +").replace(" x ", " * ")
    return eval(re.sub(r"[A-Z]\w+(\.\w+)? ", "", sums))


@pytest.mark.parametrize("coef", [[1], [0.4], [2.5]])
def test_the_numbers_of_a_line_make_the_loss(coef, dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"types": [SUM], "coef": coef})
    display = Recorder()
    train(path, save_dir=str(tmp_path / "output"), log_iters=1, iters=2, display=display)
    lines = [str(line) for line in display.said if str(line).startswith("iter ")]
    assert len(lines) == 2
    for line in lines:
        loss, terms = re.search(r"loss ([\d.]+) \((.*)\)  lr", line).groups()
        assert _calculated(terms) == pytest.approx(float(loss), abs=3e-4)


def test_the_numbers_of_several_heads_make_the_loss():
    terms = [Term(0, "Dice", 0.5, 1.0), Term(0, "CE", 1.0, 2.0), Term(1, "Dice", 0.5, 1.0, coef=0.4)]
    assert describe(terms) == "head 0: Dice 0.5 x 1.0000 + CE 1 x 2.0000; head 1: 0.4 x (Dice 0.5 x 1.0000)"
    assert _calculated(describe(terms)) == pytest.approx(2.7)


def test_paddlesegs_own_losses_are_seen_too(dataset, tmp_path, quick_end):
    mixed = {"type": "MixedLoss", "losses": [{"type": "CrossEntropyLoss"}, {"type": "ComboLoss"}], "coef": [1, 0.5]}
    path = tiny.write_config(tmp_path / "config.yml", dataset, mixed)
    (point,) = train(path, save_dir=str(tmp_path / "output"), log_iters=1, iters=1, display=Recorder()).loss
    names = ["CrossEntropyLoss", "ComboLoss.cross_entropy", "ComboLoss.dice"]
    assert [term["name"] for term in point["terms"]] == names
    assert [term["weight"] for term in point["terms"]] == [1, 0.25, 0.25]
    total = sum(term["weight"] * term["value"] for term in point["terms"])
    assert point["loss"] == pytest.approx(total, abs=1e-4)


def test_a_single_loss_is_its_own_value(dataset, tmp_path, quick_end):
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"})
    (point,) = train(path, save_dir=str(tmp_path / "output"), log_iters=1, iters=1, display=Recorder()).loss
    assert "terms" not in point


@pytest.mark.skipif(not find_spec("visualdl"), reason="VisualDL is not installed")
def test_visualdl(dataset, tmp_path, quick_end):
    from visualdl import LogReader

    path = tiny.write_config(tmp_path / "config.yml", dataset, SUM)
    output = tmp_path / "output"
    result = train(path, save_dir=str(output), log_iters=2, use_vdl=True, display=Recorder())
    (file,) = output.glob("vdlrecords.*.log")
    reader = LogReader(file_path=str(file))
    weights = reader.get_data("scalar", "Weights/BoundaryLoss")
    assert [record.id for record in weights] == [2, 4, 6]
    assert [record.value for record in weights] == pytest.approx(_weights(result))
    values = [record.value for record in reader.get_data("scalar", "Terms/DiceLoss")]
    assert values == pytest.approx([t["value"] for p in result.loss for t in p["terms"] if t["name"] == "DiceLoss"])
    assert reader.get_data("scalar", "Train/loss")


def test_without_a_listener_paddlesegs_log_has_them(dataset, tmp_path, quick_end, losses_table, capsys, caplog):
    from paddleseg_losses import register

    register()
    path = tiny.write_config(tmp_path / "config.yml", dataset, SUM)
    with fixed(), monitored():
        builder = module("cvlibs").SegBuilder(module("cvlibs").Config(str(path)))
        module("core").train(
            builder.model, builder.train_dataset, optimizer=builder.optimizer, losses=builder.loss,
            save_dir=str(tmp_path / "output"), iters=2, log_iters=1,
        )  # fmt: skip
        losses = builder.loss["types"]
    captured = capsys.readouterr()
    assert "[TRAIN] iter: 2, terms: DiceLoss 1 x 0." in captured.out + captured.err + caplog.text
    assert losses[0].weights["BoundaryLoss"] == pytest.approx(0.05)
    assert not losses[0]._forward_post_hooks  # nothing is left behind


def test_one_loss_for_several_heads():
    loss, told = DiceLoss(schedule=RAMP), []
    watch = LossMonitor({"types": [loss, loss]}, 1, lambda iteration, terms: told.append((iteration, terms)))
    watch.set(5)
    logits = [paddle.randn([1, 3, 4, 5]) for _ in range(2)]
    labels = paddle.randint(0, 3, [1, 4, 5])
    expected = [float(DiceLoss()(z, labels)) for z in logits]
    for z in logits:
        loss(z, labels)
    watch.step()
    watch.close()
    ((iteration, terms),) = told
    assert iteration == 6
    assert [(term.head, term.weight) for term in terms] == [(0, 0.5), (1, 0.5)]
    assert [term.value for term in terms] == pytest.approx(expected, rel=1e-6)
    assert describe([Term(0, "a", 0.5, 1.0), Term(1, "a", 1.0, 2.0)]) == "head 0: a 0.5 x 1.0000; head 1: a 1 x 2.0000"
