"""`check` on broken loss sections: every mistake is found, and what it prints instead is right."""

import re
import sys

import pytest
import yaml

import tiny
from paddleseg_losses.integrations.checking import check
from paddleseg_losses.integrations.checking.names import BUILT_IN

OURS = "paddleseg_losses."
TVERSKY = {"type": "TverskyLoss"}

# name: loss section, changes of the file, phrases of the findings in their order, corrected section (None: uncertain)
MISTAKES = {
    "unknown loss": (
        {"types": [{"type": "TverskiLoss", "alpha": 0.3}], "coef": [1]},
        {},
        ["loss.types[0].type: No loss is called 'TverskiLoss'.*did you mean TverskyLoss"],
        {"types": [{**TVERSKY, "alpha": 0.3}], "coef": [1]},
    ),
    "unknown dotted loss": (
        {"types": [{"type": OURS + "LovaszSoftmxLoss"}], "coef": [1]},
        {},
        [r"did you mean paddleseg_losses\.LovaszSoftmaxLoss"],
        {"types": [{"type": OURS + "LovaszSoftmaxLoss"}], "coef": [1]},
    ),
    "nothing like it": ({"types": [{"type": "Quux"}], "coef": [1]}, {}, ["No loss is called 'Quux'"], None),
    "unknown option": (
        {"types": [{**TVERSKY, "alfa": 0.3, "nonsense": 1}], "coef": [1]},
        {},
        [r"types\[0\].alfa: TverskyLoss has no option 'alfa'.*did you mean alpha", "remove 'nonsense'"],
        {"types": [{**TVERSKY, "alpha": 0.3}], "coef": [1]},
    ),
    "option given twice": (
        {"types": [{**TVERSKY, "alpha": 0.3, "alfa": 0.4}], "coef": [1]},
        {},
        ["remove 'alfa': alpha is given too"],
        {"types": [{**TVERSKY, "alpha": 0.3}], "coef": [1]},
    ),
    "bad value": (
        {"types": [{**TVERSKY, "alpha": -1, "beta": 0.5}], "coef": [1]},
        {},
        [r"types\[0\].alpha: TverskyLoss: alpha=-1.*a number >= 0"],
        {"types": [{**TVERSKY, "beta": 0.5}], "coef": [1]},
    ),
    "contradiction": (
        {"types": [{"type": OURS + "DiceLoss", "sync": True}], "coef": [1]},
        {},
        [r"types\[0\].sync: .*set batch=True"],
        {"types": [{"type": OURS + "DiceLoss"}], "coef": [1]},
    ),
    "not one number": (
        {"types": [{**TVERSKY, "reduction": "none"}], "coef": [1]},
        {},
        [r"types\[0\].reduction: .*leave reduction out"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "coef too short": (
        {"types": [TVERSKY, {"type": "ComboLoss"}], "coef": [0.5]},
        {},
        [r"loss.coef: coef has 1 number\(s\), types has 2 loss\(es\).*MixedLoss"],
        {"types": [TVERSKY, {"type": "ComboLoss"}], "coef": [0.5, 1]},
    ),
    "coef too long": (
        {"types": [TVERSKY, TVERSKY], "coef": [1, 0.4, 0.4]},
        {},
        [r"coef has 3 number\(s\), types has 2"],
        {"types": [TVERSKY, TVERSKY], "coef": [1, 0.4]},
    ),
    "coef missing": ({"types": [TVERSKY]}, {}, ["loss.coef: it is missing"], {"types": [TVERSKY], "coef": [1]}),
    "coef misspelt": (
        {"types": [TVERSKY], "coefs": [2]},
        {},
        ["loss.coefs: the key 'coefs' means nothing here.*write coef"],
        {"types": [TVERSKY], "coef": [2]},
    ),
    "coef one number": ({"types": [TVERSKY], "coef": 2}, {}, ["it is 2"], {"types": [TVERSKY], "coef": [2]}),
    "coef a text": (
        {"types": [TVERSKY], "coef": ["1e-1"]},
        {},
        [r"loss.coef\[0\]: it is '1e-1', which is no number"],
        {"types": [TVERSKY], "coef": [0.1]},
    ),
    "types missing": ({"coef": [1]}, {}, ["loss.types: it is missing"], None),
    "types misspelt": ({"typs": [TVERSKY], "coef": [1]}, {}, ["write types"], {"types": [TVERSKY], "coef": [1]}),
    "one loss, not a list": (
        {"types": TVERSKY, "coef": [1]},
        {},
        ["loss.types: it is .*a list of losses"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "no types at all": (TVERSKY, {}, ["one loss without `types`"], {"types": [TVERSKY], "coef": [1]}),
    "names instead of mappings": (
        {"types": ["TverskyLoss"], "coef": [1]},
        {},
        [r"loss.types\[0\]: it is 'TverskyLoss'.*write - type: TverskyLoss"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "type misspelt": (
        {"types": [{"typ": "TverskyLoss"}], "coef": [1]},
        {},
        ["did you mean type instead of typ"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "not a mapping": ("DiceLoss", {}, ["loss: it is 'DiceLoss'"], None),
    "weight too short": (
        {"types": [{"type": OURS + "CrossEntropyLoss", "weight": [1, 2]}], "coef": [1]},
        {},
        [r"types\[0\].weight: CrossEntropyLoss: weight has 2 number\(s\).*3 numbers, one for each class"],
        {"types": [{"type": OURS + "CrossEntropyLoss"}], "coef": [1]},
    ),
    "two wrong lists": (
        {"types": [{"type": OURS + "FocalLoss", "alpha": 0.25, "weight": [1, 2]}], "coef": [1]},
        {},
        [r"types\[0\].alpha: .*multiclass problem of 3 classes", r"types\[0\].weight: .*2 number\(s\)"],
        {"types": [{"type": OURS + "FocalLoss"}], "coef": [1]},
    ),
    "a class too many": (
        {"types": [{**TVERSKY, "classes": [1, 3]}], "coef": [1]},
        {},
        [r"types\[0\].classes: .*with 3 channel"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "ignore_index of the default": (
        {"types": [{**TVERSKY, "ignore_index": 0}], "coef": [1]},
        {},
        [r"types\[0\].ignore_index: ignore_index is 0, that of the dataset 255"],
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
    ),
    "ignore_index of the file": (
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
        {"train_dataset.ignore_index": 254},
        ["ignore_index is 255, that of the dataset 254"],
        {"types": [{**TVERSKY, "ignore_index": 254}], "coef": [1]},
    ),
    "ignore_index contradicts itself": (
        {"types": [TVERSKY], "coef": [1]},
        {"train_dataset.ignore_index": 254, "val_dataset.ignore_index": 255},
        ["ignore_index: it is 254 in train_dataset, 255 in val_dataset"],
        None,
    ),
    "num_classes contradicts itself": (
        {"types": [TVERSKY], "coef": [1]},
        {"model.num_classes": 4},
        ["num_classes: it is 4 in model, 3 in train_dataset, 3 in val_dataset"],
        None,
    ),
    "not for one class": (
        {"types": [{"type": OURS + "LovaszSoftmaxLoss"}], "coef": [1]},
        {"classes": 1},
        [r"loss.types\[0\]: .*LovaszSoftmaxLoss was given a binary problem"],
        None,
    ),
    "inside a MixedLoss": (
        {
            "types": [
                {
                    "type": "MixedLoss",
                    "losses": [{**TVERSKY, "alfa": 1}, {"type": "ComboLos"}],
                    "coef": [1],
                    "smooth": 1,
                }
            ],
            "coef": [1, 0.4],
        },
        {},
        [
            r"types\[0\].smooth: MixedLoss has no option 'smooth'",
            r"types\[0\].losses\[0\].alfa: ",
            r"types\[0\].losses\[1\].type: No loss is called 'ComboLos'",
            r"types\[0\].coef: coef has 1 number\(s\), losses has 2",
        ],
        {
            "types": [
                {"type": "MixedLoss", "losses": [{**TVERSKY, "alpha": 1}, {"type": "ComboLoss"}], "coef": [1, 1]}
            ],
            "coef": [1, 0.4],
        },
    ),
}

PADDLESEGS = {
    "an option that only ours has": (
        {"types": [{"type": "DiceLoss", "squared_pred": True}], "coef": [1]},
        {},
        ["PaddleSeg's own DiceLoss has no option 'squared_pred'; that of this package has"],
        {"types": [{"type": OURS + "DiceLoss", "squared_pred": True}], "coef": [1]},
    ),
    "weight of PaddleSeg's own": (
        {"types": [{"type": "CrossEntropyLoss", "weight": [1, 2]}], "coef": [1]},
        {},
        [r"types\[0\].weight: CrossEntropyLoss: weight has 2 number\(s\).*the file has 3 classes"],
        {"types": [{"type": "CrossEntropyLoss"}], "coef": [1]},
    ),
    "option of PaddleSeg's own": (
        {"types": [{"type": "OhemCrossEntropyLoss", "treshold": 0.7, "min_kep": 10}], "coef": [1]},
        {},
        ["OhemCrossEntropyLoss has no option 'treshold'", "did you mean min_kept"],
        None,
    ),
    "an option is missing": (
        {"types": [{"type": "BootstrappedCrossEntropyLoss", "min_K": 10}], "coef": [1]},
        {},
        ["BootstrappedCrossEntropyLoss needs 'loss_th'"],
        None,
    ),
    "a constructor that fails": (
        {"types": [{"type": "CrossEntropyLoss", "weight": ["a", "b", "c"]}], "coef": [1]},
        {},
        [r"loss.types\[0\]: CrossEntropyLoss cannot be made"],
        None,
    ),
    "ignore_index of a typed dataset": (
        {"types": [{**TVERSKY, "ignore_index": 0}], "coef": [1]},
        {"train_dataset": {"type": "Cityscapes"}, "val_dataset": None, "model.num_classes": 19},
        ["ignore_index is 0, that of the dataset 255"],
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
    ),
    "num_classes of a typed dataset": (
        {"types": [TVERSKY], "coef": [1]},
        {"train_dataset": {"type": "Cityscapes"}, "val_dataset": None},
        ["num_classes: it is 3 in model, 19 in Cityscapes"],
        None,
    ),
}


def _file(folder, loss, changes, section="loss"):
    content = tiny.config(folder, {"types": [TVERSKY], "coef": [1]}, changes.get("classes", 3))
    content[section] = loss
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
    text = [str(finding).replace("\n", " ") for finding in report.findings]
    assert len(text) == len(phrases), text
    for phrase, finding in zip(phrases, text):
        assert re.search(phrase, finding), finding
    if corrected is None:
        return
    assert yaml.safe_load(report.yaml)[section] == corrected
    content = yaml.safe_load(path.read_text())
    content[section] = corrected
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    again = check(path)
    assert again.right, str(again)


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
    assert len(report.findings) == sum(len(MISTAKES[name][2]) for name in names) + 1
    assert "# weight: [1, 2]    <- 3 numbers" in report.yaml
    assert str(report).startswith(f"{tmp_path / 'config.yml'}: 7 mistake(s)\n1. ")


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
    assert any("that of this package is paddleseg_losses.DiceLoss" in note for note in report.notes)


def test_override_changes_what_a_name_means(tmp_path):
    path = _file(tmp_path, {"types": [{"type": "DiceLoss", "squared_pred": True}], "coef": [1]}, {})
    report = check(path, override=["DiceLoss"])
    assert report.right
    assert not report.notes


def test_without_a_loss_section(tmp_path):
    report = check(_file(tmp_path, None, {}))
    assert [finding.found for finding in report.findings] == ["There is no loss section."]


def test_what_cannot_be_read_is_a_finding(tmp_path):
    report = check(tmp_path / "nothing.yml")
    assert "There is no file" in str(report)
    assert not report.right


def test_without_a_dataset_it_says_what_is_not_checked(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text("loss: {types: [{type: TverskyLoss, ignore_index: 3}], coef: [1]}\n")
    report = check(path)
    assert report.right
    assert any("no train_dataset" in note for note in report.notes)


@pytest.fixture
def no_paddleseg(monkeypatch):
    for name in ("paddleseg", "paddleseg.cvlibs"):
        monkeypatch.setitem(sys.modules, name, None)


def test_without_paddleseg_its_own_losses_are_known_by_name(tmp_path, no_paddleseg):
    types = [{"type": "OhemCrossEntropyLoss", "anything": 1}, {"type": "OhemCrossEntropyLos"}, {**TVERSKY, "alfa": 1}]
    report = check(_file(tmp_path, {"types": types, "coef": [1, 1, 1]}, {}))
    assert [finding.where for finding in report.findings] == ["loss.types[1].type", "loss.types[2].alfa"]
    assert any("not installed: its options are not checked" in note for note in report.notes)


def test_without_paddleseg_a_typed_dataset_is_unknown(tmp_path, no_paddleseg):
    entry = {**TVERSKY, "ignore_index": 7}
    changes = {"train_dataset": {"type": "ADE20K"}, "val_dataset": None}
    report = check(_file(tmp_path, {"types": [entry], "coef": [1]}, changes))
    assert report.right
    assert any("the dataset ADE20K" in note for note in report.notes)


def test_the_names_of_paddlesegs_losses(losses_table):
    assert set(losses_table) - set(BUILT_IN) <= {name for name in losses_table if hasattr(losses_table[name], "spec")}
