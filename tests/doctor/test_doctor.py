"""The doctor: each complaint on a configuration that has it, and none on one that is well."""

import numpy as np
import paddle
import pytest
import yaml

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

import cv2

from paddleseg_losses import BoundaryLoss, DiceLoss, WeightedSumLoss
from paddleseg_losses.doctor import findings, memory, run_checks
from paddleseg_losses.doctor.batch import Batch
from paddleseg_losses.doctor.terms import term_gradients
from paddleseg_losses.i18n import speaking
from paddleseg_losses.paddleseg.checking import check, outputs
from tests import tiny

DICE = {"type": "paddleseg_losses.DiceLoss"}


@pytest.fixture
def folder(tmp_path):
    return tiny.write_dataset(tmp_path / "data")


def _config(tmp_path, folder, loss=DICE, **changes):
    return tiny.write_config(tmp_path / "config.yml", folder, loss, **changes)


def _paint(folder, change):
    """Change every mask on disk."""
    for file in folder.glob("label*.png"):
        cv2.imwrite(str(file), change(cv2.imread(str(file), cv2.IMREAD_UNCHANGED)))


def _codes(diagnosis):
    return [item.code for item in diagnosis.findings]


def test_a_healthy_configuration(tmp_path, folder, losses_table):
    (folder / "labels.txt").write_text("ground\nbox\nball\n")
    loss = {"type": "WeightedSumLoss", "losses": [DICE, {"type": "paddleseg_losses.CrossEntropyLoss"}]}
    diagnosis = run_checks(_config(tmp_path, folder, loss))
    assert diagnosis.well
    assert (diagnosis.masks, diagnosis.all_masks, diagnosis.heads) == (4, 4, 1)
    assert diagnosis.batch == [2, 3, 32, 40]
    assert [fact.name for fact in diagnosis.classes] == ["ground", "box", "ball"]
    assert sum(fact.share for fact in diagnosis.classes) == pytest.approx(1)
    assert sum(fact.batch for fact in diagnosis.classes) == pytest.approx(1)
    assert [term.name for term in diagnosis.terms] == ["WeightedSumLoss.DiceLoss", "WeightedSumLoss.CrossEntropyLoss"]
    assert sum(term.share for term in diagnosis.terms) == pytest.approx(1)
    assert all(term.gradient > 0 for term in diagnosis.terms)


def test_too_few_images_for_a_batch(tmp_path, folder, losses_table):
    (item,) = run_checks(_config(tmp_path, folder, batch_size=9)).findings
    assert item.code == "too_few_images"
    assert yaml.safe_load(str(item.yaml)) == {"batch_size": 4}


def test_the_same_twice(tmp_path, folder, losses_table):
    path = _config(tmp_path, folder)
    assert run_checks(path).terms == run_checks(path).terms
    assert run_checks(path).terms != run_checks(path, seed=1).terms


def test_mistakes_of_the_loss_section_come_first(tmp_path, folder, losses_table):
    diagnosis = run_checks(_config(tmp_path, folder, {"type": "TverskyLoss", "alfa": 0.3}))
    assert [finding.where for finding in diagnosis.mistakes] == ["loss.types[0].alfa"]
    assert yaml.safe_load(diagnosis.corrected)["loss"]["types"] == [{"type": "TverskyLoss", "alpha": 0.3}]
    assert not diagnosis.terms


MASKS = {
    "RGB": (lambda mask: np.stack([mask] * 3, -1), {}, "masks_channels", "RGB masks"),
    "0 and 255": (lambda mask: np.where(mask == 1, 255, 0).astype("uint8"), {}, "masks_0_255", "no foreground is left"),
    "out of range": (lambda mask: mask + (mask == 2), {}, "labels_out_of_range", "the labels 3, but num_classes"),
    "grey levels": (lambda mask: mask * 50, {}, "labels_out_of_range", "contain the labels 50, 100"),
    "another ignored label": (
        lambda mask: np.where(mask == 255, 254, mask).astype("uint8"), {}, "labels_out_of_range", "labels 254",
    ),
    "too many classes": (lambda mask: mask, {"classes": 5}, "class_never_occurs", "3, 4 never occurs in the masks"),
    "a gap": (lambda mask: mask * (mask != 1), {}, "class_never_occurs", "Class 1 never occurs"),
}  # fmt: skip


@pytest.mark.parametrize("case", MASKS)
def test_masks(case, tmp_path, folder, losses_table):
    change, options, code, text = MASKS[case]
    _paint(folder, change)
    diagnosis = run_checks(_config(tmp_path, folder, **options))
    assert _codes(diagnosis)[0] == code
    assert not {"refused", "drowned", "no_boundary"} & set(_codes(diagnosis))
    assert text in str(diagnosis.findings[0].text)
    cure = yaml.safe_load(str(diagnosis.findings[0].yaml))
    expected = {
        "out of range": {"model": {"num_classes": 4}, "train_dataset": {"num_classes": 4}},
        "another ignored label": {"train_dataset": {"ignore_index": 254}},
        "too many classes": {"model": {"num_classes": 3}},
        "0 and 255": {"train_dataset": {"transforms": [{"type": "paddleseg_losses.Foreground", "classes": [255]}]}},
    }
    assert cure == expected.get(case, cure)


def test_a_mask_that_is_not_there(tmp_path, folder, losses_table):
    (folder / "label0.png").unlink()
    diagnosis = run_checks(_config(tmp_path, folder))
    assert _codes(diagnosis) == ["masks_missing"]
    assert diagnosis.batch == []


def test_some_masks_of_many(tmp_path, folder, losses_table):
    diagnosis = run_checks(_config(tmp_path, folder, classes=4), masks=2)
    assert (diagnosis.masks, diagnosis.all_masks) == (2, 4)
    assert "in 2 masks spread over the list" in str(diagnosis.findings[0].text)


def test_outputs_and_coefficients(tmp_path, folder, losses_table, monkeypatch):
    """Of a model that `check` does not know; it knows PaddleSeg's."""
    monkeypatch.delitem(outputs.TABLE, "BiSeNetV2")
    path = _config(tmp_path, folder, model={"type": "BiSeNetV2", "num_classes": 3})
    assert check(path).right
    diagnosis = run_checks(path)
    (item,) = diagnosis.findings
    assert str(item.text) == "Outputs of the model: 5, but numbers in coef: 1."
    coef = yaml.safe_load(str(item.yaml))["loss"]["coef"]
    diagnosis = run_checks(
        _config(tmp_path, folder, {"types": [DICE], "coef": coef}, model={"type": "BiSeNetV2", "num_classes": 3})
    )
    assert diagnosis.well
    assert {term.head for term in diagnosis.terms} == set(range(5))


def test_a_term_that_drowns_another(tmp_path, folder, losses_table):
    terms = [DICE, {"type": "paddleseg_losses.CrossEntropyLoss"}]
    path = _config(tmp_path, folder, {"type": "WeightedSumLoss", "losses": terms, "coef": [1, 2000]})
    (item,) = run_checks(path).findings
    assert item.code == "drowned"
    assert "CrossEntropyLoss is 8049 times" in str(item.text)
    path = _config(tmp_path, folder, yaml.safe_load(str(item.yaml))["loss"])
    diagnosis = run_checks(path)
    assert diagnosis.well
    assert [term.share for term in diagnosis.terms] == pytest.approx([0.5, 0.5], abs=0.05)


def test_a_drowned_term_of_a_compound(tmp_path, folder, losses_table):
    (item,) = run_checks(_config(tmp_path, folder, {"type": "DiceCELoss", "lambda_ce": 2000})).findings
    assert "DiceCELoss.cross_entropy is 8049 times" in str(item.text)
    assert "lambda_dice: 1.0" in str(item.yaml)


def test_the_losses_of_a_mixture(tmp_path, folder, losses_table):
    mixed = {"type": "MixedLoss", "losses": [{"type": "CrossEntropyLoss"}, {"type": "ComboLoss"}], "coef": [1, 0.5]}
    diagnosis = run_checks(_config(tmp_path, folder, mixed))
    assert [(term.name, term.weight) for term in diagnosis.terms] == [
        ("CrossEntropyLoss", 1), ("ComboLoss.cross_entropy", 0.25), ("ComboLoss.dice", 0.25),
    ]  # fmt: skip


def test_memory_on_a_gpu(tmp_path, folder, losses_table, monkeypatch):
    """Each loss of the sum keeps its own, and one of them is at its peak."""
    counted = {"DiceLoss": {"saved": 2.0, "peak": 5.0}, "CrossEntropyLoss": {"saved": 0.5, "peak": 4.0}}
    monkeypatch.setattr(memory, "_counted", lambda: counted)
    loss = {"type": "WeightedSumLoss", "losses": [DICE, {"type": "paddleseg_losses.CrossEntropyLoss"}]}
    config = _config(tmp_path, folder, loss)
    logits = 2 * 3 * 32 * 40 * 4 / 2**20
    diagnosis = run_checks(config)
    assert diagnosis.well
    assert (diagnosis.memory.logits, diagnosis.memory.device) == (pytest.approx(logits), None)
    assert diagnosis.memory.losses == pytest.approx((2.5 + 3.5) * logits)
    monkeypatch.setattr(memory, "device_memory", lambda: 10 * logits)
    diagnosis = run_checks(config)
    (item,) = diagnosis.findings
    assert item.code == "memory"
    assert yaml.safe_load(str(item.yaml)) == {"batch_size": 1}  # of 2: five sixths would do
    monkeypatch.setattr(memory, "device_memory", lambda: 13 * logits)
    assert run_checks(config).well


def test_the_memory_of_a_loss_that_was_not_counted_is_not_known(tmp_path, folder, losses_table):
    assert (
        run_checks(
            _config(
                tmp_path, folder, {"type": "MixedLoss", "losses": [DICE, {"type": "CrossEntropyLoss"}], "coef": [1, 1]}
            )
        ).memory
        is None
    )


def test_images_without_a_boundary(tmp_path, folder, losses_table):
    for number in (0, 1, 2, 3):
        cv2.imwrite(str(folder / f"label{number}.png"), np.zeros([32, 40], np.uint8))
    diagnosis = run_checks(_config(tmp_path, folder, {"type": "BoundaryLoss"}))
    assert {"class_never_occurs", "no_boundary"} <= set(_codes(diagnosis))
    item = diagnosis.findings[_codes(diagnosis).index("no_boundary")]
    assert str(item.text).startswith("2 of 2 images of the batch show a single class")
    (entry,) = yaml.safe_load(str(item.yaml))["loss"]["types"]
    assert isinstance(WeightedSumLoss(**{k: v for k, v in entry.items() if k != "type"}), WeightedSumLoss)


def test_everything_ignored(tmp_path, folder, losses_table):
    _paint(folder, lambda mask: np.full_like(mask, 255))
    diagnosis = run_checks(_config(tmp_path, folder))
    assert {"all_ignored", "no_gradient"} <= set(_codes(diagnosis))


def test_images_of_different_sizes(tmp_path, folder, losses_table):
    for kind in ("image", "label"):
        file = str(folder / f"{kind}0.png")
        cv2.imwrite(file, cv2.imread(file, cv2.IMREAD_UNCHANGED)[:20])
    diagnosis = run_checks(_config(tmp_path, folder, batch_size=4))
    (item,) = diagnosis.findings
    assert "images of a batch differ in size" in str(item.text)
    assert "RandomPaddingCrop" in str(item.yaml)
    assert diagnosis.classes


def test_a_softmax_over_one_class(tmp_path, losses_table):
    folder = tiny.write_dataset(tmp_path / "one", classes=1)
    _paint(folder, lambda mask: np.minimum(mask, 1))
    (item,) = run_checks(_config(tmp_path, folder, {"type": "CrossEntropyLoss"}, classes=1)).findings
    assert item.code == "refused"
    assert yaml.safe_load(str(item.yaml)) == {"model": {"num_classes": 2}}


@pytest.mark.parametrize(
    ("changes", "text", "cure"),
    [
        ({"optimizer": {"type": "Adamm"}}, "has no component named 'Adamm'", "# did you mean Adam?"),
        ({"optimizer": {"type": "SGD", "momentun": 0.9}}, "SGD cannot be created", "# correct its section of the file"),
        (
            {"lr_scheduler": {"type": "PolynomialDecay", "rate": 1}},
            "PolynomialDecay cannot be created",
            "# correct its",
        ),
        ({"optimizer": {}}, "No optimizer specified", "# correct what the message names"),
    ],
)
def test_an_optimizer_that_cannot_be_made(changes, text, cure, tmp_path, folder, losses_table):
    path = tiny.write(tmp_path / "config.yml", {**tiny.config(folder, DICE), **changes})
    diagnosis = run_checks(path)
    (item,) = diagnosis.findings
    assert item.code == "optimizer"
    assert text in str(item.text)
    assert str(item.yaml).startswith(cure)
    assert diagnosis.terms  # the rest is looked at all the same


def _batch(logits, losses, coef, labels=None):
    labels = paddle.randint(0, logits.shape[1], [logits.shape[0], *logits.shape[2:]]) if labels is None else labels
    return Batch(paddle.zeros([2, 3, 4, 5]), labels, [logits], losses, coef, None, False, 2, 2)


def test_half_precision():
    paddle.seed(0)
    logits = paddle.randn([2, 3, 8, 9])
    for coef, word in ((1e7, "overflows"), (1e-9, "vanishes on 100%")):
        (item,) = findings.of_terms(term_gradients(_batch(logits, [DiceLoss()], [coef])))
        assert item.code == "half_precision"
        assert word in str(item.text)
    assert not list(findings.of_terms(term_gradients(_batch(logits, [DiceLoss()], [1.0]))))
    (item,) = findings.of_outputs(_batch(logits * 1e6, [DiceLoss()], [1]))
    assert item.code == "half_precision"


def test_what_is_not_finite():
    logits = paddle.full([2, 3, 4, 5], float("nan"))
    assert [item.code for item in findings.of_outputs(_batch(logits, [DiceLoss()], [1]))] == ["outputs_not_finite"]

    class Broken(paddle.nn.Layer):
        def forward(self, logits, labels):
            return logits.sum() * float("inf")

    (item,) = findings.of_terms(term_gradients(_batch(paddle.ones([2, 3, 4, 5]), [Broken()], [1])))
    assert item.code == "not_finite"
    assert str(item.text).startswith("head 0: Broken is inf")


def test_terms_that_say_nothing():
    logits = paddle.randn([2, 3, 4, 5])
    ramp = {"kind": "linear", "start": 0, "end": 1, "steps": 9}
    loss = WeightedSumLoss(losses=["DiceLoss", {"type": "BoundaryLoss", "schedule": ramp}])
    (item,) = findings.of_terms(term_gradients(_batch(logits, [loss], [1])))
    assert item.code == "no_gradient"
    assert "start: 0.01" in str(item.yaml)
    (item,) = findings.of_terms(term_gradients(_batch(logits, [BoundaryLoss()], [0])))
    assert "coef: [1]" in str(item.yaml)


def test_labels_of_the_wrong_shape():
    logits = paddle.randn([2, 3, 4, 5])
    for shape, code in (([2, 4, 5, 3], "labels_rgb"), ([2, 8, 10], "sizes")):
        batch = _batch(logits, [DiceLoss()], [1], paddle.zeros(shape, "int64"))
        assert [item.code for item in findings.of_labels(batch, 255)] == [code]


def test_all_advice_is_bilingual_and_yaml(tmp_path, folder, losses_table):
    import re

    _paint(folder, lambda mask: mask * 50)
    loss = {"type": "WeightedSumLoss", "losses": [DICE, {"type": "BoundaryLoss"}], "coef": [1, 1e9]}
    diagnosis = run_checks(_config(tmp_path, folder, loss))
    assert diagnosis.findings
    for item in diagnosis.findings:
        with speaking("zh"):
            assert re.search("[\u4e00-\u9fff]", str(item.text))
            yaml.safe_load(str(item.yaml))
        assert not re.search("[\u4e00-\u9fff]", f"{item.text}{item.yaml}")
        yaml.safe_load(str(item.yaml))
