"""What is seen in masks, and the losses that follow from it and from the experiment."""

import dataclasses
import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from paddleseg_losses import catalogue, registry
from paddleseg_losses.cli import main
from paddleseg_losses.datasets import measure
from paddleseg_losses.datasets.synthetic import Discs, Tree, make_synthetic_dataset
from paddleseg_losses.evidence import Difference, Evidence, Finding
from paddleseg_losses.suggestion import proposals, suggest
from paddleseg_losses.suggestion.cost import costs
from paddleseg_losses.suggestion.resemblance import alike
from tests.tiny import config, write


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    data = make_synthetic_dataset(folder / "discs", Discs(share=0.001, size=128, train=8, val=2, test=1))
    return write(folder / "small.yml", config(data, {"type": "DiceLoss"}, classes=2, batch_size=2))


def _evidence(**differences):
    """Of one task with masks like those of `small`: Dice beside the control by loss, None where it failed."""
    findings = {
        loss: Finding("discs_003", loss, 0.01, 5, 0 if beside is None else 5, {},
                      {"dice": (0.5, 0.1)}, {} if beside is None else {"dice": Difference(*beside)}, (1, 9), 1.0)
        for loss, beside in differences.items()
    }  # fmt: skip
    data = {"classes": {"1": {"share": 0.001, "component_share": 0.0005, "thinness": 1.3, "presence": 1.0}}}
    return Evidence("DiceCELoss", 5, {}, {"discs_003": 48}, {}, {"discs_003": data}, {}, {"discs_003": findings})


def test_small_objects_are_seen(small, monkeypatch):
    monkeypatch.setattr(proposals, "evidence", _evidence)
    suggestion = suggest(small, measure_cost=False)
    assert "small-objects" in [each.name for each in suggestion.seen]
    assert (len(suggestion.proposals), suggestion.proposals[-1].loss) == (3, "DiceCELoss")
    for proposal in suggestion.proposals[:-1]:
        assert proposal.loss in registry.names(symptom=proposal.symptom)
        assert yaml.safe_load(proposal.yaml)["loss"]["coef"] == [1]
    assert suggestion.foreign == {}


def test_evidence_decides_before_the_chooser(small, monkeypatch):
    """Clearly better comes first, what failed or is clearly worse last, what is undecided stays in its order."""
    order = [loss["name"] for loss in catalogue.losses(symptom="small-objects")]
    names = [name for name in order if name != "DiceCELoss"]
    worse, failed, undecided, better = names[0], names[1], names[2], names[-1]
    measured = {worse: (-0.1, -0.2, -0.01), failed: None, undecided: (0.1, -0.1, 0.3), better: (0.1, 0.05, 0.2)}
    monkeypatch.setattr(proposals, "evidence", lambda: _evidence(**measured))
    suggestion = suggest(small, measure_cost=False)
    assert list(suggestion.alike) == ["discs_003"]
    assert [each.loss for each in suggestion.proposals] == [better, undecided, "DiceCELoss"]
    assert suggestion.proposals[0].findings[0].differences["dice"].value == 0.1


def test_a_loss_with_a_failed_seed_is_not_called_better(small, monkeypatch):
    """Its difference counts the seeds that succeeded alone."""
    names = [loss["name"] for loss in catalogue.losses(symptom="small-objects")]
    fragile, undecided = names[0], names[1]
    study = _evidence(**{fragile: (0.3, 0.2, 0.4), undecided: (0.0, -0.1, 0.1)})
    findings = dict(study.findings["discs_003"])
    findings[fragile] = dataclasses.replace(findings[fragile], succeeded=4)
    monkeypatch.setattr(proposals, "evidence", lambda: dataclasses.replace(study, findings={"discs_003": findings}))
    assert [each.loss for each in suggest(small, measure_cost=False).proposals] == [undecided, names[2], "DiceCELoss"]


def test_other_masks_are_not_alike():
    """No number of small discs is quoted for large objects."""
    mask = np.zeros((64, 64), np.uint8)
    mask[8:56, 8:56] = 1
    assert alike(_evidence(), measure([("large", mask)])) == {}
    assert alike(_evidence(), measure([("none", np.zeros((8, 8), np.uint8))])) == {}


def test_a_tree_is_thin(tmp_path):
    data = make_synthetic_dataset(tmp_path / "tree", Tree(size=64, train=4, val=1, test=1))
    suggestion = suggest(
        write(tmp_path / "tree.yml", config(data, {"type": "DiceLoss"}, classes=2)), measure_cost=False
    )
    assert suggestion.seen[0].name == "thin-structures"
    assert suggestion.proposals[0].symptom == "thin-structures"


def test_one_channel_gets_losses_that_know_sigmoids(small, tmp_path):
    table = yaml.safe_load(small.read_text())
    table["model"]["num_classes"] = 1
    suggestion = suggest(write(tmp_path / "one.yml", table), measure_cost=False)
    assert all("binary" in registry.get(each.loss).modes for each in suggestion.proposals)


def test_cost_is_measured():
    entries = [{"type": "paddleseg_losses.DiceLoss"}, {"type": "paddleseg_losses.FocalLoss", "gamma": -1}]
    cost, refused = costs(entries, (1, 2, 32, 32))
    assert cost.milliseconds > 0
    assert cost.megabytes is None or cost.megabytes >= 0
    assert refused is None


@pytest.mark.filterwarnings("ignore:.*Noto Sans CJK:UserWarning")  # a machine need not have Chinese letters
def test_the_command(small, tmp_path):
    """A value that is no class is named; the picture is written; JSON holds what the screen shows."""
    data = make_synthetic_dataset(tmp_path / "discs", Discs(share=0.1, size=32, train=3, val=1, test=1))
    mask = data / (data / "train.txt").read_text().split()[1]
    labels = np.asarray(Image.open(mask)).copy()
    labels[:2] = 7
    Image.fromarray(labels).save(mask)
    file = write(tmp_path / "discs.yml", config(data, {"type": "DiceLoss"}, classes=2))
    words = ["suggest", "--config", str(file), "--no-cost", "--picture", str(tmp_path / "masks.png")]
    shown = CliRunner().invoke(main, [*words, "--lang", "zh"])
    assert shown.exit_code == 0, shown.output
    assert "7" in shown.stderr
    assert "不属于任何类别" in shown.stderr
    assert "paddleseg-losses compare --config" in shown.output
    with Image.open(tmp_path / "masks.png") as picture:
        assert picture.width > 600
    printed = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert printed["no_class"] == {"7": 64}
    assert len(printed["proposals"]) == 3
    assert printed["statistics"]["masks"] == 3


def test_findings_are_plain_numbers(small, monkeypatch):
    measured = {name: (0.1, 0.05, 0.2) for name in registry.names(symptom="small-objects")}
    monkeypatch.setattr(proposals, "evidence", lambda: _evidence(**measured))
    suggestion = suggest(small, measure_cost=False)
    assert json.dumps([dataclasses.asdict(finding) for each in suggestion.proposals for finding in each.findings])
