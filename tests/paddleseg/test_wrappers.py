"""Losses around another loss in PaddleSeg: checked inside, built, examined by the doctor, trained on small outputs."""

import inspect

import numpy as np
import paddle
import pytest
import yaml

from paddleseg_losses import DiceCELoss
from paddleseg_losses.paddleseg.checking import check
from tests import tiny
from tests.reference.wrappers import shrunk

DICE_CE = {"type": "paddleseg_losses.DiceCELoss"}
DEEP = {"type": "DeepSupervisionLoss", "loss": DICE_CE}


class TwoSizes(paddle.nn.Layer):
    """Gives a whole map of the classes, and one of half the size."""

    def __init__(self, num_classes, in_channels=3):
        super().__init__()
        self.fine = paddle.nn.Conv2D(in_channels, num_classes, 3, padding=1)
        self.coarse = paddle.nn.Conv2D(in_channels, num_classes, 2, stride=2)

    def forward(self, x):
        return [self.fine(x), self.coarse(x)] if self.training else [self.fine(x)]


@pytest.fixture
def two_sizes(losses_table):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg.cvlibs import manager

    manager.MODELS.components_dict["TwoSizes"] = TwoSizes
    yield {"type": "TwoSizes"}
    del manager.MODELS.components_dict["TwoSizes"]


def _write(folder, dataset, loss, **changes):
    content = tiny.config(dataset, loss)
    content["model"] = {"type": "TwoSizes", "num_classes": 3, **changes}
    return tiny.write(folder / "config.yml", content)


@pytest.mark.parametrize(
    "entry",
    [
        DEEP,
        {"type": "DeepSupervisionLoss", "loss": "DiceLoss"},
        {"type": "BlobLoss", "loss": DICE_CE, "connectivity": 1},
        {"type": "DeepSupervisionLoss", "loss": {"type": "BlobLoss", "loss": DICE_CE}},
        {"type": "WeightedSumLoss", "losses": [{"type": "BlobLoss", "loss": DICE_CE}], "coef": [0.5]},
        {"type": "BlobLoss", "loss": {"type": "WeightedSumLoss", "losses": [DICE_CE], "coef": [1]}},
    ],
)
def test_check_finds_nothing_wrong(entry, tmp_path):
    report = check(_write(tmp_path, tmp_path, {"types": [entry], "coef": [1, 0.5]}))
    assert report.right, str(report)
    assert [shown.partition("(")[0] for shown in report.losses] == [entry["type"]]


MISTAKES = {
    "inside": (
        {"type": "BlobLoss", "loss": {"type": "paddleseg_losses.TverskyLoss", "alfa": 0.3}},
        ["loss.types[0].loss.alfa", "did you mean alpha"],
        {"type": "BlobLoss", "loss": {"type": "paddleseg_losses.TverskyLoss", "alpha": 0.3}},
    ),
    "the name inside": (
        {"type": "BlobLoss", "loss": {"type": "paddleseg_losses.TverskyLos"}},
        ["loss.types[0].loss.type", "did you mean paddleseg_losses.TverskyLoss"],
        {"type": "BlobLoss", "loss": {"type": "paddleseg_losses.TverskyLoss"}},
    ),
    "outside": (
        {**DEEP, "weighs": [1]},
        ["loss.types[0].weighs", "did you mean weights"],
        {**DEEP, "weights": [1]},
    ),
    "nothing inside": ({"type": "BlobLoss"}, ["BlobLoss needs 'loss'"], None),
    "weights of several outputs": (
        {**DEEP, "weights": [0.5, 0.25, 0.25]},
        ["loss.types[0].weights", "write them as coef"],
        DEEP,
    ),
    "what makes no sense inside": ({"type": "BlobLoss", "loss": DEEP}, ["put the DeepSupervisionLoss around"], None),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_found(case, tmp_path):
    entry, phrases, corrected = MISTAKES[case]
    report = check(_write(tmp_path, tmp_path, {"types": [entry], "coef": [1]}))
    (mistake,) = report.mistakes
    assert all(phrase in str(mistake) for phrase in phrases), str(mistake)
    if corrected is not None:
        assert yaml.safe_load(report.yaml)["loss"] == {"types": [corrected], "coef": [1]}


def test_paddlesegs_own_inside_is_refused_with_a_cure(tmp_path):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    own = {"type": "OhemCrossEntropyLoss"}
    report = check(_write(tmp_path, tmp_path, {"types": [{"type": "DeepSupervisionLoss", "loss": own}], "coef": [1]}))
    (mistake,) = report.mistakes
    assert "OhemCrossEntropyLoss is not a loss of this package" in str(mistake)
    cured = {"type": "DeepSupervisionLoss", "loss": {"type": "WeightedSumLoss", "losses": [own], "coef": [1]}}
    assert check(_write(tmp_path, tmp_path, {"types": [cured], "coef": [1]})).right


def test_a_small_output_trains_with_labels_of_its_size(two_sizes, dataset, tmp_path, quick_end):
    from paddleseg_losses.paddleseg.trainer import train

    config = _write(tmp_path, dataset, {"types": [DEEP], "coef": [1, 0.5]})
    recorder = tiny.recorder()
    result = train(
        config, save_dir=str(tmp_path / "output"), iters=2, log_iters=1, seed=0, do_eval=True, display=recorder
    )
    assert recorder.warned == []
    assert np.isfinite([point["loss"] for point in result.loss]).all()
    first = result.loss[0]
    terms = {(term["head"], term["name"]): term["value"] for term in first["terms"]}
    assert {(0, "output_0"), (1, "output_0"), (1, "output_0.dice")} <= set(terms)
    assert first["loss"] == pytest.approx(terms[0, "output_0"] + 0.5 * terms[1, "output_0"], abs=1e-4)


def test_the_doctor_has_nothing_against_a_small_output(two_sizes, dataset, tmp_path):
    from paddleseg_losses.doctor import run_checks

    diagnosis = run_checks(_write(tmp_path, dataset, {"types": [DEEP], "coef": [1, 0.5]}))
    assert diagnosis.well, [str(item.text) for item in diagnosis.findings]
    assert {(term.head, term.name) for term in diagnosis.terms} == {
        (0, "DeepSupervisionLoss.output_0"),
        (1, "DeepSupervisionLoss.output_0"),
    }
    diagnosis = run_checks(_write(tmp_path, dataset, {"types": [DICE_CE], "coef": [1, 0.5]}))
    assert [item.code for item in diagnosis.findings] == ["refused"]
    assert "DeepSupervisionLoss" in str(diagnosis.findings[0].text) + str(diagnosis.findings[0].yaml)


def test_the_doctor_proposes_it_for_an_output_that_is_small(two_sizes, dataset, tmp_path):
    from paddleseg.cvlibs import manager

    from paddleseg_losses.doctor import run_checks

    class Coarse(TwoSizes):
        def forward(self, x):
            return [self.coarse(x)]

    manager.MODELS.components_dict["TwoSizes"] = Coarse
    path = _write(tmp_path, dataset, DICE_CE)
    (finding,) = run_checks(path).findings
    assert finding.code == "sizes"
    cured = {**yaml.safe_load(path.read_text()), **yaml.safe_load(str(finding.yaml))}
    assert cured["loss"] == {"types": [DEEP], "coef": [1]}
    assert run_checks(tiny.write(path, cured)).well


def test_medicalsegs_nnunet_without_its_multiple_loss(medicalseg_folder, tmp_path, monkeypatch):
    """One head, which is a list of levels; so are the labels."""
    import importlib
    import re

    pytest.importorskip("nnunet", reason="this MedicalSeg lacks packages that its nnU-Net needs")
    from paddleseg_losses.paddleseg.registration import register_in
    from paddleseg_losses.paddleseg.toolkits import MEDICALSEG
    from tests.paddleseg.test_medicalseg_nnunet import Batches, TwoLevels

    register_in(MEDICALSEG)
    monkeypatch.setattr(paddle, "flops", lambda *args, **kwargs: 0)
    table = MEDICALSEG.manager().LOSSES.components_dict
    loss = table["DeepSupervisionLoss"](loss=table["DiceCELoss"](batch=True))
    model, said = TwoLevels(), []
    core = importlib.import_module("nnunet.core")
    monkeypatch.setattr(inspect.unwrap(core.train).__globals__["logger"], "info", lambda text: said.append(str(text)))
    core.train(
        model, Batches(), optimizer=paddle.optimizer.SGD(0.0, parameters=model.parameters()), iters=1, log_iters=1,
        save_dir=str(tmp_path / "output"), losses={"types": [loss], "coef": [1.0]},
    )  # fmt: skip
    actual = float(re.search(r"loss: ([\d.]+)", "\n".join(said)).group(1))
    images, labels = Batches()[0]
    inner = DiceCELoss(batch=True)
    each = [float(inner(z, y.astype("int64"))) for z, y in zip(model(images)[0], labels)]
    assert actual == pytest.approx(np.dot(each, [2 / 3, 1 / 3]), abs=1e-4)
    shared = table["DeepSupervisionLoss"](loss=table["DiceCELoss"](batch=True))
    value, dice = shared(model(images)[0], labels[0])
    other = labels[0].numpy()[:, 0].astype("int64")
    small = paddle.to_tensor(shrunk(other, model(images)[0][1].shape[2:]))
    each[1] = float(inner(model(images)[0][1], small))
    assert float(value) == pytest.approx(np.dot(each, [2 / 3, 1 / 3]), rel=1e-5)
    assert dice.shape == (3,)
