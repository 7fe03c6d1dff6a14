"""The nnU-Net in MedicalSeg: one loss object for all levels, class indices that are floats, the spacing of the plan."""

import importlib
import pickle
import re

import numpy as np
import paddle
import pytest

from paddleseg_losses import build
from paddleseg_losses.paddleseg.monitor import monitored
from paddleseg_losses.paddleseg.registration import register_in
from paddleseg_losses.paddleseg.toolkits import MEDICALSEG

SPACING, PATCH = [3.0, 0.5, 0.75], [4, 8, 8]
PLAN = {
    "plans_per_stage": {
        0: {
            "current_spacing": SPACING,
            "patch_size": PATCH,
            "pool_op_kernel_sizes": [[1, 2, 2], [2, 2, 2], [1, 1, 1]],
        }
    }
}


class Batches:
    """What nnU-Net's loader gives: images, and labels at each level; and the plan that it has read."""

    ignore_index, plans, stage = 255, PLAN, 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError
        labels = np.random.default_rng(index).integers(0, 3, (2, 1, *PATCH)).astype("float32")
        images = paddle.to_tensor(labels / 2)
        return images, [paddle.to_tensor(labels), paddle.to_tensor(labels[:, :, :, ::2, ::2].copy())]


class TwoLevels(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        paddle.seed(1)
        self.layer = paddle.nn.Conv3D(1, 3, 3, padding=1)

    def forward(self, x):
        whole = self.layer(x)
        return [[whole, whole[:, :, :, ::2, ::2]]]  # one head, which is a list


@pytest.fixture
def train(medicalseg_folder, tmp_path, capsys, monkeypatch):
    """Trains with a loss inside MultipleLoss; gives what was printed."""
    pytest.importorskip("nnunet", reason="this MedicalSeg lacks packages that its nnU-Net needs")
    register_in(MEDICALSEG)
    monkeypatch.setattr(paddle, "flops", lambda *args, **kwargs: 0)
    (tmp_path / "plan.pkl").write_bytes(pickle.dumps(PLAN))
    table = MEDICALSEG.manager().LOSSES.components_dict

    def run(name, **options):
        inner = table[name](**options)
        loss = table["MultipleLoss"](losses=[inner], coef=[1.0], plan_path=str(tmp_path / "plan.pkl"), stage=0)
        model = TwoLevels()
        optimizer = paddle.optimizer.SGD(0.0, parameters=model.parameters())
        with monitored(toolkit=MEDICALSEG):
            importlib.import_module("nnunet.core").train(
                model,
                Batches(),
                optimizer=optimizer,
                iters=2,
                log_iters=1,
                save_dir=str(tmp_path / "output"),
                losses={"types": [loss], "coef": [1.0]},
            )
        return capsys.readouterr().out

    return run


def _losses(text):
    return [float(number) for number in re.findall(r"\[TRAIN\].*loss: (-?[\d.]+)", text)]


def _by_hand(loss_of_level):
    """What nnU-Net's weights make of the values of the levels: 1/2^level, and nothing for the last."""
    model, batches = TwoLevels(), Batches()
    values = []
    for images, labels in (batches[0], batches[1]):
        levels = zip(model(images)[0], labels, (2 / 3, 1 / 3))
        values.append(
            sum(
                weight * float(loss_of_level(level)(logits, indices.astype("int64")))
                for level, (logits, indices, weight) in enumerate(levels)
            )
        )
    return values


def test_it_trains_on_class_indices_that_are_floats(train):
    text = train("DiceCELoss", batch=True, include_background=False)
    expected = _by_hand(lambda _level: build("DiceCELoss", batch=True, include_background=False))
    np.testing.assert_allclose(_losses(text)[:2], expected, atol=1e-4)


def test_each_level_measures_in_the_spacing_of_the_plan(train):
    text = train("BoundaryLoss")
    assert f"distance losses measure in the spacing of the plan, {SPACING}" in text
    steps = [SPACING, [3.0, 1.0, 1.5]]  # twice as far apart where the level has half the size
    expected = _by_hand(lambda level: build("BoundaryLoss", spacing=steps[level]))
    np.testing.assert_allclose(_losses(text)[:2], expected, atol=1e-4)


def test_schedules_count_steps_and_not_levels(train):
    ramp = {"kind": "linear", "start": 0, "end": 1, "steps": 10}
    boundary = build("BoundaryLoss", schedule=ramp)
    text = train("WeightedSumLoss", losses=[build("DiceLoss"), boundary])
    weights = re.findall(r"\[TRAIN\] iter: (\d+), terms: DiceLoss 1 x \S+ \+ BoundaryLoss (\S+) x", text)
    assert weights[:2] == [("1", "0"), ("2", "0.1")]
