"""The guide for PaddleSeg: every command and every YAML in it works, on a small dataset."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.cli import main
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "paddleseg.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE, flags=re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines()]
CONFIGS = [yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml"]
LAUNCHED = "$(which paddleseg-losses) "  # test_two_processes starts such a command with the launcher


def test_nothing_is_left_out():
    assert {kind for kind, _ in BLOCKS} == {"bash", "python", "yaml"}
    assert len(COMMANDS) == 9
    assert all("loss" in config for config in CONFIGS)


@pytest.mark.filterwarnings("ignore:(AmpScaler|amp_guard) can only be enabled on CUDAPlace")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, dataset, tmp_path, quick_end, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.write_config(Path("my_config.yml"), dataset, {"type": "TverskyLoss"}, iters=2)
    Path("tools").mkdir()
    Path("tools/train.py").write_text("import sys\nfrom pathlib import Path\nPath('seen').write_text(repr(sys.argv))\n")
    if "--resume_model" in command:  # what it goes on from
        done = CliRunner().invoke(main, ["train", "--config", "my_config.yml", "--iters", "1"])
        assert done.exit_code == 0, done.output
        command = command.replace("iter_2000", "iter_1")
    words = shlex.split(command.partition(LAUNCHED)[2] or command.removeprefix("paddleseg-losses "))
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    if "train" in words:
        assert (Path("output") / "metrics.json").exists()
    if "run" in words:
        assert Path("seen").read_text() == repr(words[1:])


def test_the_builder_builds_ours(dataset, tmp_path, losses_table, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tiny.write_config(Path("my_config.yml"), dataset, {"type": "TverskyLoss", "alpha": 0.4})
    (code,) = [text for kind, text in BLOCKS if kind == "python"]
    exec(compile(code, "guide", "exec"), {})
    assert "TverskyLoss(alpha=0.4" in capsys.readouterr().out


@pytest.mark.parametrize("number", range(len(CONFIGS)))
def test_configs_train(number, dataset, tmp_path, quick_end):
    changes = CONFIGS[number]
    content = tiny.config(dataset, changes["loss"], iters=2)
    for section in ("model", "train_dataset", "val_dataset"):
        content[section].update(changes.get(section, {}))
    if content["model"]["type"] == "BiSeNetV2":
        content["train_dataset"]["transforms"] = [{"type": "Resize", "target_size": [64, 64]}, {"type": "Normalize"}]
    path, recorder = tiny.write(tmp_path / "config.yml", content), tiny.recorder()
    result = train(path, save_dir=str(tmp_path / "output"), log_iters=1, display=recorder)
    values = [point["loss"] for point in result.loss]
    assert len(values) == 2
    assert np.isfinite(values).all()
    assert recorder.warned == []
