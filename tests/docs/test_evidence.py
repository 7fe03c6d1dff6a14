"""The page about the experiment says what the kept runs say, and what arithmetic allows of the survey's table."""

import csv
import json

import numpy as np
import pytest

from docs.builder import dial, partial_labels
from docs.builder import evidence as pages
from docs.builder.advice import ranking
from docs.builder.language import CHINESE, ENGLISH, read_all
from docs.builder.language import read as text_of
from paddleseg_losses.evidence import BEARS_ON, DIAL, FILE, TASKS, Difference, Evidence, Finding
from paddleseg_losses.evidence import evidence as numbers_of_the_package
from paddleseg_losses.experiment import read
from paddleseg_losses.experiment.archive import read_archive
from paddleseg_losses.experiment.ledger import METRICS
from paddleseg_losses.experiment.study import stored
from paddleseg_losses.experiment.summary import summarize
from paddleseg_losses.registry import SYMPTOMS, specs
from tests.docs.test_documents import ROOT

ARCHIVE = ROOT / "docs" / "evidence"
STUDY = ROOT / "configs" / "experiment" / "compare.yml"


def test_the_numbers_of_the_package_are_those_of_the_kept_runs():
    numbers = json.loads(FILE.read_text(encoding="utf-8"))
    study = stored(ARCHIVE)
    for task in numbers["tasks"].values():
        del task["data"], task["commits"]  # of images that are not kept, and of what made the runs
    summary = summarize(study, read_archive(study, ARCHIVE))
    assert {key: numbers[key] for key in ("control", "seeds", "tasks")} == summary


def test_every_task_and_symptom_is_known():
    assert set(TASKS) == {task.name for task in read(STUDY).tasks}
    assert set(BEARS_ON) <= set(SYMPTOMS)
    candidates = {loss.name for loss in read(STUDY).losses}
    assert {
        name for advice in read_all("choose") for each in advice.values() for name in each.get("sums", ())
    } <= candidates
    for columns in BEARS_ON.values():
        assert {task for task, _ in columns} <= set(TASKS)
        assert {metric for _, metric in columns} <= set(METRICS)


def test_what_sensitivity_allows():
    """Of many tables of counts none has a higher Dice, and each has one of the shares that its three numbers allow."""
    random = np.random.default_rng(0)
    tp, tn = random.integers(2000, 5000, 1000), random.integers(20_000, 50_000, 1000)
    fn, fp = random.integers(0, 1500, (2, 1000))
    dice, sensitivity, specificity = 2 * tp / (2 * tp + fp + fn), tp / (tp + fn), tn / (tn + fp)
    assert all(d <= pages.most_dice(s) for d, s in zip(dice, sensitivity))
    assert pages.most_dice(0.9) == pytest.approx(2 * 0.9 / 1.9, abs=5e-4)
    wide = fp > 100  # else the rounding of Dice hides the false positives
    numbers = np.stack([dice, sensitivity, specificity, (tp + fn) / (tp + fn + fp + tn)])[:, wide]
    for *rounded, share in numbers.T:
        low, high = pages.share_of_foreground(*(round(float(number), 3) for number in rounded))
        assert low <= share <= high


def test_one_row_of_the_survey_is_impossible():
    printed = text_of("evidence/survey.yml")
    assert len(printed) == 9
    too_high = [name for name, (dice, s, _) in printed.items() if dice - pages.ROUNDING > pages.most_dice(s)]
    assert too_high == [pages.IMPOSSIBLE]
    shares = [pages.share_of_foreground(*row) for name, row in printed.items() if name not in too_high]
    assert max(low for low, _ in shares) > min(high for _, high in shares)  # no share suits all rows


def _finding(task, loss, value, succeeded=5):
    difference = Difference(value, value - 0.02, value + 0.02)
    scores = dict.fromkeys(METRICS, (0.8 + value, 0.01))
    return Finding(task, loss, 0.01, 5, succeeded, {}, scores, dict.fromkeys(METRICS, difference), (1, 2), 1.0)


@pytest.fixture
def invented(monkeypatch):
    """Better, worse and undecided beside the control, on every task; one loss has failed once."""
    values = {"DiceCELoss": 0.0, "DiceLoss": 0.03, "TverskyLoss": -0.03, "FocalLoss": 0.01}
    findings = {
        task: {loss: _finding(task, loss, value, 4 if loss == "FocalLoss" else 5) for loss, value in values.items()}
        for task in TASKS
    }
    about = {"command": "make experiment", "versions": ["paddlepaddle=3"], "runs": 20}
    places = {task: 0.001 * (i + 1) for i, task in enumerate(DIAL)}
    data = {task: {"masks": 64} for task in TASKS}
    commits = {task: ["0123456789"] for task in TASKS}
    study = Evidence("DiceCELoss", 5, about, dict.fromkeys(TASKS, 48), places, data, commits, findings)
    for module in (pages, dial):
        monkeypatch.setattr(module, "evidence", lambda: study)
    return study


def test_the_page_marks_what_can_be_told_apart(invented):
    page = pages.experiment(ENGLISH)
    (row,) = (line for line in page.splitlines() if line.startswith("| [`DiceLoss`]") and line.count("**0.830**") > 1)
    assert row.count("**0.830**") == len(TASKS)
    assert page.count("*0.770*") == len(TASKS)
    assert "0.810 (1)" in page
    assert page.count("| 1 | 1 | 1 | 1/20 |") == len(TASKS)  # better, undecided, worse, failed
    assert "0.9876" in page
    assert "012345" in page
    assert "{" not in page


def test_both_languages_have_the_same_numbers(invented):
    english, chinese = (pages.experiment(language) for language in (ENGLISH, CHINESE))
    assert english.count("\n| ") == chinese.count("\n| ")
    assert english.count("\n## ") == chinese.count("\n## ") == 9


def test_a_recommendation_shows_its_numbers_or_says_that_there_are_none(invented):
    cited = pages.cited("small-objects", ["TverskyLoss", "DiceCELoss"], ENGLISH)
    assert cited.count("-0.030 [-0.050, -0.010]") == len(BEARS_ON["small-objects"])
    rows = [line for line in cited.splitlines() if line.startswith("| [")]
    assert [name in row for name, row in zip(("Tversky", "DiceCE", "DiceLoss", "Focal"), rows)] == [True] * 4
    assert "none" in pages.cited("calibration", ["FocalLoss"], ENGLISH)
    assert "none" in pages.cited("thin-structures", ["SoftCLDiceLoss"], ENGLISH)  # no run of it


def test_what_the_chooser_says_of_the_experiment():
    """Sentences that cite it are true of its numbers."""
    study = numbers_of_the_package()
    alone = [study.findings["heads"][loss].differences["hd95"] for loss in ranking()["far-errors"]]
    assert len(alone) == 4
    assert all(each.low > 0 for each in alone)  # larger distances
    smallest = study.findings["discs_003"]
    distribution = {spec.name for spec in specs("distribution")} & smallest.keys()
    found_some = {loss for loss in distribution if (smallest[loss].scores["dice"][0] or 0) > 0.03}
    for_the_rare = {
        "BalancedCrossEntropyLoss",
        "RecallCrossEntropyLoss",
        "LogitAdjustedLoss",
        "AsymmetricMultilabelLoss",
    }
    assert found_some == {*for_the_rare, "L1ACELoss"}  # the last one is no cross entropy
    assert max(smallest[loss].scores["dice"][0] for loss in found_some) < 0.25
    assert max(finding.scores["dice"][0] or 0 for finding in smallest.values()) == pytest.approx(0.5, abs=0.02)
    assert [smallest[loss].succeeded for loss in ("GeneralizedDiceLoss", "ExpLogLoss", "DiceLoss")] == [5, 5, 4]
    assert all(smallest[loss].scores["dice"][0] > 0.4 for loss in ("GeneralizedDiceLoss", "ExpLogLoss", "DiceLoss"))
    assert smallest["DiceCELoss"].scores["dice"][0] < 0.02
    noisy = {loss: finding.scores["dice"][0] or 0 for loss, finding in study.findings["noisy"].items()}
    entropies = [name for name in noisy if "CrossEntropy" in name or (name.endswith("CELoss") and name != "DiceCELoss")]
    assert max(noisy, key=noisy.get) == "DiceLoss"
    assert min(noisy["DiceLoss"], noisy["JaccardLoss"]) > max(noisy[name] for name in entropies) + 0.05
    for made_for_it in ("SymmetricCrossEntropyLoss", "GeneralizedCrossEntropyLoss"):
        assert noisy["CrossEntropyLoss"] < noisy[made_for_it] < noisy["JaccardLoss"]
    assert noisy["NoiseRobustDiceLoss"] < noisy["DiceLoss"]
    assert max(noisy["FocalLoss"], noisy["TopKCrossEntropyLoss"]) < noisy["CrossEntropyLoss"]
    tree = {loss: finding.scores["dice"][0] or 0 for loss, finding in study.findings["tree"].items()}
    of_skeletons = ("SoftCLDiceLoss", "SkeletonRecallLoss", "CBDiceLoss")
    assert max(tree[loss] for loss in of_skeletons) < tree["DiceLoss"] - 0.1
    assert tree["Dice + clDice"] < tree["DiceLoss"]
    assert max(tree["DiceCE + skeleton recall"], tree["DiceCE + cbDice"]) < tree["DiceCELoss"]
    assert tree["TopKCrossEntropyLoss"] < 0.5 < tree["DistancePenalizedCELoss"]
    assert tree["HausdorffERLoss"] < 0.25
    assert study.findings["tree"]["DiceLoss"].differences["dice"].low > 0
    absent = study.findings["absent"]
    clear = {
        loss
        for loss, finding in absent.items()
        if "dice" in finding.differences and finding.differences["dice"].low > 0
    }
    assert clear == {"GeneralizedDiceLoss"}
    assert absent["DiceLoss"].differences["dice"].high < -0.1
    assert absent["CrossEntropyLoss"].differences["dice"].high < 0
    best = sorted(absent, key=lambda loss: -(absent[loss].scores["dice"][0] or 0))
    assert max(best.index("LovaszSoftmaxLoss"), best.index("CELovaszLoss")) < 10
    alone = ("HausdorffDTLoss", "HausdorffERLoss", "BoundaryLoss", *of_skeletons)
    assert max(absent[loss].scores["dice"][0] for loss in alone) < 0.4


def test_what_partial_labels_cost():
    """The sentences about them are true of the kept rows, each treatment with the same seeds."""
    with partial_labels.KEPT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seeds = {task: sorted(row["seed"] for row in rows if row["task"] == task) for task in partial_labels.TREATMENTS}
    assert len(set(map(tuple, seeds.values()))) == 1
    assert {row["status"] for row in rows} == {"ok"}
    dice = {task: [float(row["dice"]) for row in rows if row["task"] == task] for task in partial_labels.TREATMENTS}
    assert min(dice["full"]) > max(dice["label_sets"])
    assert min(dice["label_sets"]) > 2 * max(dice["ignored"])
    assert max(dice["background"]) < 0.1
    assert partial_labels.partial_labels(ENGLISH).count("\n|") == 1 + len(partial_labels.TREATMENTS)


def test_four_losses_were_ahead_on_six_tasks_and_never_behind():
    """With every seed; and no other loss was, as the chooser says."""
    tasks = numbers_of_the_package().findings.values()
    trained = {loss: [of_task[loss] for of_task in tasks if loss in of_task] for of_task in tasks for loss in of_task}
    beside = {loss: [f.differences["dice"] for f in each if "dice" in f.differences] for loss, each in trained.items()}
    ahead = {loss: sum(difference.low > 0 for difference in each) for loss, each in beside.items()}
    steady = {
        loss
        for loss, each in trained.items()
        if not any(difference.high < 0 for difference in beside[loss]) and all(f.succeeded == f.runs for f in each)
    }
    assert len(tasks) == 9
    first = {loss: ahead[loss] for loss in steady if ahead[loss] >= 6}
    assert first == {
        "GeneralizedDiceLoss": 7,
        "ComboLoss": 6,
        "ExpLogLoss": 6,
        "PenaltyGeneralizedDiceLoss": 6,
    }
    assert {"GeneralizedDiceLoss", "ComboLoss"} < set(ranking()["first-attempt"])


def test_the_first_four_for_missed_objects_find_more_at_the_same_dice():
    """As the chooser says."""
    for loss in ranking()["missed-objects"][:4]:
        beside = numbers_of_the_package().findings["discs_010"][loss].differences
        assert beside["sensitivity"].low > 0
        assert not beside["dice"].is_clear
