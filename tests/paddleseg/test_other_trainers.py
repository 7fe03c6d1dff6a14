"""What the loops of PaddleX, PaddleRS and PaddleSeg's contributions ask of a loss, without any of them."""

import json

import numpy as np
import paddle
import pytest
import yaml

from paddleseg_losses import build, registry
from tests import tiny
from tests.paddleseg.test_enabling import PADDLESEG, Environment

SUM = {"type": "WeightedSumLoss", "losses": [{"type": "paddleseg_losses.DiceLoss"}, {"type": "BoundaryLoss"}]}

# PaddleX: its own process must not find Paddle loaded, writes a file, and starts a script of its clone of PaddleSeg.
PARENT = """
import subprocess, sys
assert "paddle" not in sys.modules
done = subprocess.run([sys.executable, "tools/train.py", "--config", sys.argv[2], "--do_eval"], cwd=sys.argv[1])
sys.exit(done.returncode)
"""
CHILD = """
import json, sys
import yaml
from paddleseg.cvlibs import manager
config = yaml.safe_load(open(sys.argv[2]))
assert config["pdx_model_name"] and config["train_dataset"]["type"] == "SegDataset"
table = manager.LOSSES.components_dict
def made(entry):
    entry = dict(entry)
    if "losses" in entry:
        entry["losses"] = [made(inner) for inner in entry["losses"]]
    return table[entry.pop("type")](**entry)
import paddle
losses = [made(entry) for entry in config["loss"]["types"]]
value = losses[0](paddle.zeros([1, 3, 4, 4]), paddle.zeros([1, 4, 4], "int64"))
print(json.dumps([type(loss).__module__.split(".")[0] for loss in losses] + [float(value)]))
"""


@PADDLESEG
def test_paddlex_reaches_the_losses_through_enable(tmp_path):
    environment = Environment(tmp_path / "environment")
    clone = tmp_path / "PaddleSeg"
    (clone / "tools").mkdir(parents=True)
    (clone / "tools" / "train.py").write_text(CHILD)
    (tmp_path / "parent.py").write_text(PARENT)
    content = tiny.config(tmp_path, SUM)
    for section in ("train_dataset", "val_dataset"):
        content[section]["type"] = "SegDataset"
    path = tiny.write(tmp_path / "config.yml", {**content, "uniform_output_enabled": True, "pdx_model_name": "Tiny"})
    before = environment.run(tmp_path / "parent.py", clone, path)
    assert before.returncode != 0
    assert "KeyError: 'paddleseg_losses.DiceLoss'" in before.stderr
    assert environment.run("-m", "paddleseg_losses", "enable").returncode == 0
    done = environment.run(tmp_path / "parent.py", clone, path)
    assert done.returncode == 0, done.stderr
    module, value = json.loads(done.stdout.splitlines()[-1])
    assert module == "paddleseg_losses"
    assert np.isfinite(value)


class MixedLoss(paddle.nn.Layer):
    """PaddleRS knows its own by its class, which is nobody else's."""


def _paddlers_step(losses, logits_list, labels):
    """PaddleRS: a loss and a coefficient for each output; labels int64 [N, H, W]."""
    assert len(logits_list) == len(losses["types"]) == len(losses["coef"])
    values = []
    for logits, loss, coef in zip(logits_list, losses["types"], losses["coef"]):
        assert not isinstance(loss, MixedLoss)
        values.append(coef * loss(logits, labels))
    total = sum(values)
    total.backward()
    return float(total)


@pytest.mark.parametrize("name", registry.names(mode="multiclass"))
def test_paddlers_takes_objects_and_keeps_them_in_a_file(name):
    rng = np.random.default_rng(0)
    logits = paddle.to_tensor(rng.normal(size=(2, 2, 8, 7)).astype("float32"), stop_gradient=False)
    labels = paddle.to_tensor(rng.integers(0, 2, (2, 8, 7)))
    example = registry.get(name).example or {}
    loss = build({"type": name, **example})
    value = _paddlers_step({"types": [loss], "coef": [0.5]}, [logits], labels)
    assert np.isfinite(value)
    text = yaml.dump({"losses": {"types": [loss], "coef": [0.5]}})
    again = yaml.load(text, Loader=yaml.UnsafeLoader)["losses"]  # as PaddleRS's load_model does
    assert repr(again["types"][0]) == repr(loss)
    assert _paddlers_step(again, [logits.detach().clone()], labels) == value


@pytest.mark.parametrize("name", registry.names(mode="multiclass"))
def test_loops_that_ask_for_edges_by_name(name):
    """Those of CityscapesSOTA, LaneSeg, AutoNUE, MedicalSeg and the distillation of PaddleSeg."""
    loss = build({"type": name, **(registry.get(name).example or {})})
    assert loss.__class__.__name__ not in ("MixedLoss", "KLLoss", "MultipleLoss")
    assert loss.edge_label is False
