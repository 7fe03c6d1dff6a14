"""The studies that this repository comes with can be read, and their models built."""

from pathlib import Path

import paddle
import pytest

from paddleseg_losses.experiment import read, warnings
from paddleseg_losses.paddleseg.registration import register

FOLDER = Path(__file__).parents[2] / "configs" / "experiment"


@pytest.mark.parametrize("name", ["compare.yml", "survey.yml"])
def test_a_study_of_this_repository(name):
    cvlibs = pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    study = read(FOLDER / name)
    assert not [text for text in warnings(study) if "adaptive" in str(text)]
    register()
    for task in study.tasks:
        assert {loss.name for loss in study.of(task)} >= {"DiceCELoss", "DiceLoss", "CrossEntropyLoss"}
    file = FOLDER / ("tiny.yml" if name == "compare.yml" else name)
    builder = cvlibs.builder.SegBuilder(cvlibs.Config(str(file)))
    builder.model.eval()
    with paddle.no_grad():
        (logits,) = builder.model(paddle.zeros([1, 3, 64, 64]))
    assert logits.shape == [1, 2, 64, 64]
    assert builder.config.dic["optimizer"]["type"] == "Adam"


def test_the_survey_has_a_network_as_large_as_the_surveys():
    """Thirteen million weights of PaddleSeg's U-Net beside some thousands of the tiny one."""
    cvlibs = pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    register()
    counts = []
    for name in ("survey.yml", "tiny.yml"):
        model = cvlibs.builder.SegBuilder(cvlibs.Config(str(FOLDER / name))).model
        counts.append(sum(int(weight.size) for weight in model.parameters()))
    assert counts[0] > 13_000_000
    assert counts[1] < 20_000
