"""The page of a training, made from its record."""

import pytest

from paddleseg_losses import i18n
from paddleseg_losses.after_training import leave_pictures, write_report
from paddleseg_losses.after_training.pictures import choose
from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg.record import FILE
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny


@pytest.fixture
def finished(tmp_path, quick_end):
    data = tiny.write_dataset(tmp_path / "data", images=8)
    path = tiny.write_config(tmp_path / "config.yml", data, {"type": "paddleseg_losses.DiceCELoss"})
    result = train(path, save_dir=str(tmp_path / "out"), do_eval=True, save_interval=3, log_iters=1,
                   display=tiny.recorder())  # fmt: skip
    return result, leave_pictures(result)


def test_a_finished_training(finished):
    result, pictures = finished
    assert [picture.rank for picture in pictures] == ["worst", "best"]
    page, facts = write_report(result.save_dir)
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 2
    assert text.count('<svg role="img" aria-label="') == text.count("<svg") == 1
    for word in ("DiceCELoss", "cross_entropy × 1", "mIoU on the", "paddlepaddle", "image6.png"):
        assert word in text
    assert 'src="http' not in text
    assert facts["finished"]
    assert facts["iteration"] == 6
    assert facts["best_mean_iou"] == pytest.approx(max(each["mean_iou"] for each in result.evaluations))

    with i18n.speaking("zh"):
        page, _facts = write_report(result.save_dir)
    chinese = page.read_text(encoding="utf-8")
    assert '<html lang="zh">' in chinese
    assert "训练损失" in chinese
    assert "类别 1" in chinese


def test_a_finished_training_of_fewer_iterations_than_are_logged_at_a_time(tmp_path, quick_end):
    data = tiny.write_dataset(tmp_path / "data")
    path = tiny.write_config(tmp_path / "config.yml", data, {"type": "paddleseg_losses.DiceLoss"})
    result = train(path, save_dir=str(tmp_path / "out"), iters=3, log_iters=2, display=tiny.recorder())
    page, facts = write_report(result.save_dir)
    assert (facts["finished"], facts["iteration"]) == (True, 3)
    text = page.read_text(encoding="utf-8")
    assert "iteration 3 of 3" in text
    assert "fill: #0072b2; stroke: #0072b2" in text  # a mark: a line through one point cannot be seen


def test_a_training_that_has_just_begun(finished):
    result, _pictures = finished
    file = result.save_dir / FILE
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + lines[2][:30])
    page, facts = write_report(result.save_dir)
    assert (facts["finished"], facts["iteration"], facts["scores"]) == (False, 1, None)
    file.write_bytes(lines[0])
    page, facts = write_report(result.save_dir)
    assert "<svg" not in page.read_text(encoding="utf-8")


def test_a_folder_without_a_record(tmp_path):
    with pytest.raises(ConfigError, match=FILE):
        write_report(tmp_path)


def test_no_image_is_the_best_and_the_worst():
    assert choose([4], 2) == [("worst", 4)]
    assert choose([7, 3, 5], 2) == [("worst", 5), ("worst", 3), ("best", 7)]
    assert choose([7, 3, 5, 1, 2], 1) == [("worst", 2), ("best", 7)]
    assert choose([], 2) == []
