"""`check` on broken loss sections: every mistake is found, and what it prints instead is right."""

import re
import sys

import pytest
import yaml

from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.checking.names import BUILT_IN
from tests import tiny
from tests.paddleseg.mistakes import CROSS, DICE, MEDICAL, MEDICALSEGS, MISTAKES, OURS, PADDLESEGS, TVERSKY


def _file(folder, loss, changes, section="loss"):
    content = tiny.config(folder, {"types": [TVERSKY], "coef": [1]}, changes.get("classes", 3))
    content[section] = loss
    content["model"]["type"] = "Mine"  # test_outputs.py is about models that are known
    for place, value in changes.items():
        name, _, key = place.partition(".")
        if key:
            content[name][key] = value
        elif name != "classes":
            content[name] = value
    path = folder / "config.yml"
    content = {key: value for key, value in content.items() if value is not None}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def _assert_found(path, phrases, corrected, section="loss"):
    report = check(path)
    text = [str(mistake).replace("\n", " ") for mistake in report.mistakes]
    assert len(text) == len(phrases), text
    for phrase, mistake in zip(phrases, text):
        assert re.search(phrase, mistake), mistake
    if corrected is not None:
        assert yaml.safe_load(report.yaml)[section] == corrected
    if not report.corrected:
        return
    content = yaml.safe_load(path.read_text())
    content[section] = yaml.safe_load(report.yaml)[section]
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    again = check(path)
    assert again.right == (not report.gaps), str(again)
    assert ("Corrected:" in str(report)) == again.right  # what cannot be guessed is not called corrected


@pytest.mark.parametrize("case", list(MISTAKES))
def test_every_mistake_is_found_and_corrected(case, tmp_path):
    loss, changes, phrases, corrected = MISTAKES[case]
    _assert_found(_file(tmp_path, loss, changes), phrases, corrected)


@pytest.mark.parametrize("case", list(PADDLESEGS))
def test_mistakes_about_paddlesegs_own(case, tmp_path):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    loss, changes, phrases, corrected = PADDLESEGS[case]
    _assert_found(_file(tmp_path, loss, changes), phrases, corrected)


def test_the_distillation_section_too(tmp_path):
    loss, changes, phrases, corrected = MISTAKES["unknown option"]
    _assert_found(_file(tmp_path, loss, changes, "distill_loss"), phrases, corrected, "distill_loss")


def test_all_mistakes_of_a_file_at_once(tmp_path):
    names = ["unknown loss", "unknown option", "bad value", "weight too short", "ignore_index of the default"]
    types = [entry for name in names for entry in MISTAKES[name][0]["types"]]
    report = check(_file(tmp_path, {"types": types, "coef": [1, 1]}, {}))
    assert len(report.mistakes) == sum(len(MISTAKES[name][2]) for name in names) + 1
    assert "# weight: [1, 2]    <- 3 numbers" in report.yaml
    assert str(report).startswith(f"{tmp_path / 'config.yml'}: 7 mistakes\n1. ")


def test_a_section_without_mistakes_is_not_corrected(tmp_path):
    report = check(_file(tmp_path, {"types": [TVERSKY], "coef": [1]}, {"model.num_classes": 4}))
    assert len(report.mistakes) == 1
    assert "Corrected" not in str(report)


RIGHT = {
    "one loss for several outputs": {"types": [TVERSKY], "coef": [1, 0.4, 0.4]},
    "text numbers in options": {"types": [{**TVERSKY, "smooth": "1e-5"}], "coef": [1]},
    "multilabel": {"types": [{"type": OURS + "DiceLoss", "mode": "multilabel"}], "coef": [1]},
    "probabilities": {"types": [{**TVERSKY, "from_logits": False}], "coef": [1]},
}


@pytest.mark.parametrize("case", list(RIGHT))
def test_right_sections_are_right(case, tmp_path):
    report = check(_file(tmp_path, RIGHT[case], {}))
    assert report.right, str(report)
    assert len(report.losses) == len(RIGHT[case]["types"])
    assert "the losses are right" in str(report)


def test_a_bare_name_that_paddleseg_has_is_noted(tmp_path):
    report = check(_file(tmp_path, {"types": [{"type": "DiceLoss"}], "coef": [1]}, {}))
    assert report.right
    assert any("that of this package is paddleseg_losses.DiceLoss" in str(note) for note in report.notes)


def test_override_changes_what_a_name_means(tmp_path):
    path = _file(tmp_path, {"types": [{"type": "DiceLoss", "squared_pred": True}], "coef": [1]}, {})
    report = check(path, override=["DiceLoss"])
    assert report.right
    assert not report.notes


def test_labels_of_one_channel_a_class(tmp_path):
    path = _file(tmp_path, {"types": [{"type": "BinaryCrossEntropyLoss"}], "coef": [1]}, {})
    report = check(path)
    assert "does not support multiclass problems" in str(report)
    assert any("--use_multilabel" in str(note) for note in report.notes)
    assert check(path, use_multilabel=True).right


def test_without_a_loss_section(tmp_path):
    report = check(_file(tmp_path, None, {}))
    assert [str(mistake.found) for mistake in report.mistakes] == ["There is no loss section."]


def test_what_cannot_be_read_is_a_finding(tmp_path):
    report = check(tmp_path / "nothing.yml")
    assert "There is no file" in str(report)
    assert not report.right


def test_without_a_dataset_it_says_what_is_not_checked(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text("loss: {types: [{type: TverskyLoss, ignore_index: 3}], coef: [1]}\n")
    report = check(path)
    assert report.right
    assert any("no train_dataset" in str(note) for note in report.notes)


@pytest.fixture
def no_paddleseg(monkeypatch):
    for name in ("paddleseg", "paddleseg.cvlibs"):
        monkeypatch.setitem(sys.modules, name, None)


def test_without_paddleseg_its_own_losses_are_known_by_name(tmp_path, no_paddleseg):
    types = [{"type": "OhemCrossEntropyLoss", "anything": 1}, {"type": "OhemCrossEntropyLos"}, {**TVERSKY, "alfa": 1}]
    report = check(_file(tmp_path, {"types": types, "coef": [1, 1, 1]}, {}))
    assert [mistake.where for mistake in report.mistakes] == ["loss.types[1].type", "loss.types[2].alfa"]
    assert any("not installed: its options are not checked" in str(note) for note in report.notes)


def test_without_paddleseg_a_typed_dataset_is_unknown(tmp_path, no_paddleseg):
    entry = {**TVERSKY, "ignore_index": 7}
    changes = {"train_dataset": {"type": "ADE20K"}, "val_dataset": None}
    report = check(_file(tmp_path, {"types": [entry], "coef": [1]}, changes))
    assert report.right
    assert any("the dataset ADE20K" in str(note) for note in report.notes)


def test_the_names_of_paddlesegs_losses(losses_table):
    assert set(losses_table) - set(BUILT_IN) <= {name for name in losses_table if hasattr(losses_table[name], "spec")}


def test_a_right_sum_with_paddlesegs_own_is_right(tmp_path):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    mixed = {"type": "MixedLoss", "losses": [{"type": "CrossEntropyLoss"}, {"type": "DiceLoss"}], "coef": [1, 1]}
    inner = {"type": "WeightedSumLoss", "losses": [{"type": OURS + "DiceLoss"}, {"type": "OhemCrossEntropyLoss"}]}
    entry = {"type": "WeightedSumLoss", "losses": [mixed, inner, TVERSKY], "coef": [1, 0.5, 2]}
    report = check(_file(tmp_path, {"types": [entry], "coef": [1]}, {}))
    assert report.right, str(report)
    (text,) = report.losses
    assert text.startswith("WeightedSumLoss(losses=(MixedLoss(")
    assert "OhemCrossEntropyLoss()" in text


@pytest.mark.parametrize("case", list(MEDICALSEGS))
def test_what_medicalseg_cannot_train(case, tmp_path):
    loss, changes, phrases, corrected = MEDICALSEGS[case]
    _assert_found(_file(tmp_path, loss, changes), phrases, corrected)


RIGHT_IN_MEDICALSEG = {
    "ours": {"types": [DICE], "coef": [1, 0.5, 0.25]},
    "a name that is PaddleSeg's elsewhere": {"types": [{"type": "FocalLoss"}], "coef": [1]},
    "three axes": {"types": [{"type": "BoundaryLoss", "spacing": [3, 1, 1]}], "coef": [1]},
    "theirs after ours": {"types": [DICE, CROSS], "coef": [1, 0.4]},
    "a sum with theirs": {"types": [{"type": "WeightedSumLoss", "losses": [CROSS, DICE]}], "coef": [1]},
}


@pytest.mark.parametrize("case", list(RIGHT_IN_MEDICALSEG))
def test_what_medicalseg_can_train(case, tmp_path):
    report = check(_file(tmp_path, RIGHT_IN_MEDICALSEG[case], MEDICAL))
    assert report.right, str(report)
    assert not any("evaluation" in str(note) for note in report.notes)


def test_medicalsegs_own_mixture_stops_in_evaluation(tmp_path):
    mixed = {"type": "MixedLoss", "losses": [CROSS, {"type": "DiceLoss"}], "coef": [1, 1]}
    report = check(_file(tmp_path, {"types": [mixed], "coef": [1]}, MEDICAL))
    assert report.right
    assert any("stops at losses without an axis" in str(note) for note in report.notes)


PADDLEX = {"train_dataset.type": "SegDataset", "train_dataset.ignore_index": 0, "val_dataset.ignore_index": 0}


@pytest.mark.parametrize(
    "entry", [TVERSKY, {"type": "WeightedSumLoss", "losses": [TVERSKY, DICE]}], ids=["one", "a sum"]
)
def test_nobody_passes_the_ignore_index_of_a_segdataset_on(entry, tmp_path):
    path = _file(tmp_path, {"types": [entry], "coef": [1]}, PADDLEX)
    phrase = (
        r"loss.types\[0\].ignore_index: it is missing: the loss keeps 255, the dataset has 0.*write ignore_index: 0"
    )
    _assert_found(path, [phrase], {"types": [{**entry, "ignore_index": 0}], "coef": [1]})


def test_a_segdataset_with_the_usual_ignore_index_is_right(tmp_path):
    assert check(_file(tmp_path, {"types": [TVERSKY], "coef": [1]}, {"train_dataset.type": "SegDataset"})).right
