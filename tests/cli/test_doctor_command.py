"""`doctor`: what it prints, and its exit codes."""

import json
import re

import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from PIL import Image

from tests import tiny


@pytest.fixture
def write(tmp_path):
    dataset = tiny.write_dataset(tmp_path / "data")
    return lambda loss, **changes: tiny.write_config(tmp_path / "config.yml", dataset, loss, **changes)


def test_nothing_to_complain_about(call, write, losses_table):
    result = call("doctor", "--config", write({"type": "ComboLoss"}))
    assert result.exit_code == 0
    for text in (
        "Labels (4 of 4 masks)",
        "in the batch",
        "ComboLoss.dice",
        "share of the gradient",
        "No problems found.",
    ):
        assert text in result.output
    assert "[TRAIN]" not in result.output


def test_warnings_exit_with_1(call, call_json, write, losses_table):
    path = write({"type": "TverskyLoss"}, classes=5)
    result = call("doctor", "--config", path)
    assert result.exit_code == 1
    assert "1 warning\n\n1. Class 3, 4 never occurs in the masks.\n" in result.output
    assert "num_classes: 3" in result.output
    code, printed = call_json("doctor", "--config", path)
    assert (code, printed["well"]) == (1, False)
    assert printed["findings"][0]["code"] == "class_never_occurs"
    assert printed["terms"][0]["name"] == "TverskyLoss"


def test_no_table_of_nothing(call, write, tmp_path, losses_table):
    path = write({"type": "TverskyLoss"})
    for number in range(4):
        Image.new("RGB", (40, 32)).save(tmp_path / "data" / f"label{number}.png")
    result = call("doctor", "--config", path)
    assert "Labels (0 of 4 masks)\n\n1 warning" in result.output


def test_chinese(call, write, losses_table):
    result = call("doctor", "--config", write({"type": "TverskyLoss"}, classes=5), "--lang", "zh")
    assert "全部掩码中从未出现类别 3, 4。" in result.output
    assert not re.search(r"\b(warning|class|gradient|weight)\b", result.output.partition("num_classes")[0])


def test_mistakes_and_missing_files(call, write, tmp_path, losses_table):
    result = call("doctor", "--config", write({"type": "TverskiLoss"}))
    assert result.exit_code == 1
    assert "1 mistake; fix it first" in result.output
    assert "- type: TverskyLoss" in result.output
    result = call("doctor", "--config", tmp_path / "config_.yml")
    assert result.exit_code == 1
    assert "did you mean" in result.stderr
    assert call("doctor").exit_code == 2


def test_in_a_shell(shell, write):
    code, out, err = shell("doctor", "--config", write({"type": "ComboLoss"}))
    assert code == 0, err
    assert "No problems found." in out


def test_kernels(call, monkeypatch):
    result = call("doctor", "--kernels", "--json")
    status = json.loads(result.stdout)
    assert set(status) == {"mode", "active", "library", "threads", "gpu", "gpu_kernels"}
    assert result.exit_code == (1 if status["active"] == "composed" else 0)
    shown = call("--lang", "zh", "doctor", "--kernels").stdout
    assert "CPU 上的路径" in shown
    assert "GPU 上的路径" in shown
    assert status["gpu"] in ("cuda", "composed")
    assert status["library"] in shown
    monkeypatch.setenv("PADDLESEG_LOSSES_KERNELS", "composed")
    meant = call("doctor", "--kernels")
    assert meant.exit_code == 0
    assert "composed" in meant.stdout


def test_doctor_of_nothing(call):
    assert call("doctor").exit_code == 2
