"""Data sets that annotate some of the classes: what `check`, `weights` and `doctor` make of them."""

import json
import re

import pytest

from paddleseg_losses.cli import main
from paddleseg_losses.doctor import run_checks
from paddleseg_losses.paddleseg.checking import check
from tests import tiny

SETS = {250: [0, 3]}


@pytest.fixture
def write(four_classes, tmp_path):
    """A file for data whose masks with a 0 in the name say nothing about the classes 0 and 3."""

    def write(loss, **transform):
        config = tiny.config(four_classes, loss, 4)
        entry = {"type": "paddleseg_losses.PartialLabels", "annotated": [1, 2], "files": "label0*", **transform}
        config["train_dataset"]["transforms"].insert(0, entry)
        return tiny.write(tmp_path / "config.yml", config)

    return write


DICE = {"type": "paddleseg_losses.DiceCELoss"}


def test_check_compares_the_losses_with_the_transforms(write, losses_table):
    assert check(write({**DICE, "label_sets": SETS})).right
    assert check(write({**DICE, "label_sets": {251: [0, 2]}}, label=251, annotated={1: 1, 2: 3})).right
    for loss, said in (
        (DICE, "which not every loss knows"),
        ({**DICE, "label_sets": {250: [1, 3]}}, "stands for [1, 3]"),
    ):
        report = check(write(loss))
        assert not report.right
        assert said in str(report)
        assert "label_sets: {250: [0, 3]}" in str(report)
    # A loss beside one that knows the label does not know it; the terms of a sum read what the sum knows.
    beside = {"types": [{**DICE, "label_sets": SETS}, DICE], "coef": [1, 0.4]}
    assert "which not every loss knows" in str(check(write(beside)))
    total = {"type": "WeightedSumLoss", "losses": [DICE, "CrossEntropyLoss"], "label_sets": SETS}
    assert "which not every loss knows" not in str(check(write(total)))


def test_check_makes_the_transforms(write, losses_table):
    """What would stop the training, as PaddleSeg makes them, is said beforehand."""
    loss = {**DICE, "label_sets": SETS}
    place = r"train_dataset.transforms\[0\]"
    for options, said in (
        ({"annotated": None}, place + ": PartialLabels: annotated=None"),
        ({"annotated": [[1]]}, place + r": PartialLabels: annotated=\[\[1\]\]"),
        ({"labels": 250}, place + r".labels: PartialLabels has no option 'labels'.*did you mean label"),
        ({"type": "paddleseg_losses.PartialLabel"}, r"no transform 'paddleseg_losses.PartialLabel'.*PartialLabels"),
        ({"type": "paddleseg_losses.Foreground"}, "Foreground has no option 'annotated'"),
    ):
        report = check(write(loss, **options))
        assert re.search(said, str(report), re.DOTALL), report
    assert check(write(loss, annotated={"1": 1, "2": 2})).right
    assert "which not every loss knows" in str(check(write({**DICE, "label_sets": {"a": [0]}})))


def test_weights_count_no_class_for_them(write, capsys, losses_table):
    path = write({**DICE, "label_sets": SETS})
    with pytest.raises(SystemExit) as end:
        main(["--json", "weights", str(path)])
    printed = json.loads(capsys.readouterr().out)
    assert end.value.code == 0
    assert printed["label_sets"]["250"] > 0
    assert printed["out_of_range"] == {}
    assert [entry["class"] for entry in printed["classes"]] == [0, 1, 2, 3]
    with pytest.raises(SystemExit):
        main(["weights", str(path)])
    assert "250" in capsys.readouterr().out


def test_the_doctor_knows_them(write, losses_table):
    assert {item.code for item in run_checks(write({**DICE, "label_sets": SETS})).findings}.isdisjoint(
        {"labels_out_of_range", "refused", "class_never_occurs"}
    )
