"""`doctor` and `weights` on a configuration of MedicalSeg: volumes, its loader, its model, our losses."""

import numpy as np
import pytest

from paddleseg_losses.datasets import count, open_source
from paddleseg_losses.doctor import run_checks
from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg.toolkits import MEDICALSEG
from tests import tiny
from tests.paddleseg.conftest import medicalseg_folder, volumes  # noqa: F401  fixtures
from tests.paddleseg.test_medicalseg import TinyNet

OURS = "paddleseg_losses."
DICE = {"type": OURS + "DiceLoss"}
SUM = {"type": "WeightedSumLoss", "losses": [DICE, {"type": "BoundaryLoss"}]}


@pytest.fixture
def config(medicalseg_folder, volumes, tmp_path):  # noqa: F811
    MEDICALSEG.manager().MODELS.components_dict["TinyNet"] = TinyNet

    def write(loss=SUM, **changes):
        return tiny.write(tmp_path / "config.yml", tiny.volume_config(volumes, loss, **changes))

    return write


def _codes(diagnosis):
    return {finding.code for finding in diagnosis.findings}


def test_nothing_is_wrong(config):
    diagnosis = run_checks(config({**SUM, "coef": [1, 0.1]}))
    assert diagnosis.well, diagnosis
    assert (diagnosis.masks, diagnosis.batch, diagnosis.heads) == (2, [2, 1, 12, 10, 8], 1)
    assert [term.name for term in diagnosis.terms] == ["WeightedSumLoss.DiceLoss", "WeightedSumLoss.BoundaryLoss"]
    assert sum(fact.share for fact in diagnosis.classes) == pytest.approx(1)
    assert all(fact.batch == pytest.approx(fact.share) for fact in diagnosis.classes)


def test_terms_are_measured_in_the_spacing_of_the_cases(config):
    in_mm = run_checks(config(SUM)).terms[1]
    in_voxels = run_checks(config({**SUM, "losses": [SUM["losses"][0], {"type": "BoundaryLoss", "spacing": 1}]})).terms[
        1
    ]
    assert in_mm.value != pytest.approx(in_voxels.value, rel=1e-3)


def test_medicalsegs_own_losses_are_looked_at_too(config):
    mixed = {"type": "MixedLoss", "losses": [{"type": "CrossEntropyLoss"}, {"type": "DiceLoss"}], "coef": [1, 1]}
    terms = run_checks(config(mixed)).terms
    assert [term.name for term in terms] == ["CrossEntropyLoss", "DiceLoss"]
    assert all(term.gradient > 0 for term in terms)


def test_what_cannot_run_comes_first(config):
    diagnosis = run_checks(config({"type": "CrossEntropyLoss"}))
    assert "gives no Dice" in str(diagnosis.mistakes[0])
    assert not diagnosis.batch


def test_problems_of_labels_and_outputs(config, volumes):  # noqa: F811
    np.save(volumes / "case0_label.npy", np.full((12, 10, 8), 7, "int32"))
    section = {"types": [SUM], "coef": [1, 0.5]}
    model = {"type": "TinyNet", "num_classes": 3}
    assert {"labels_out_of_range", "heads"} <= _codes(run_checks(config(section, model=model)))
    (volumes / "case1_label.npy").unlink()
    assert "masks_missing" in _codes(run_checks(config()))


def test_labels_that_are_whole_floats_are_counted(config, volumes):  # noqa: F811
    path = config()
    before = count(open_source(path), workers=1)
    for name in ("case0_label.npy", "case1_label.npy"):
        np.save(volumes / name, np.load(volumes / name).astype("float32"))
    assert count(open_source(path), workers=1).pixels == before.pixels
    assert not before.problems


def test_a_dataset_that_makes_its_data_itself(config, volumes):  # noqa: F811
    path = config()
    path.write_text(path.read_text().replace("MedicalDataset", "MSDDataset"))
    with pytest.raises(ConfigError, match="MSDDataset plans and preprocesses its data itself"):
        run_checks(path)


def test_what_medicalseg_cannot_build(config):
    diagnosis = run_checks(config(model={"type": "VNetX", "num_classes": 3}))
    assert any("MedicalSeg cannot use" in str(finding.text) for finding in diagnosis.findings)
