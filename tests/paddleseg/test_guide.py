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


ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")]


def _yaml(text):
    blocks = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL))
    return [block for block in blocks if isinstance(block, dict) and "loss" in block]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_check_finds_every_yaml_of_the_documents_right(document, dataset, tmp_path):
    """With the model that it names, or with the usual one, which has one output."""
    from paddleseg_losses.paddleseg.checking import check

    for number, changes in enumerate(_yaml(document.read_text(encoding="utf-8"))):
        content = tiny.config(dataset, changes["loss"])
        if document.name.startswith("medicalseg"):
            content |= {"data_root": "data/", "model": {"type": "VNet", "num_classes": 3}}
        for section, facts in changes.items():
            content[section] = {**content.get(section, {}), **facts} if isinstance(facts, dict) else facts
        report = check(tiny.write(tmp_path / f"config{number}.yml", content))
        assert report.right, str(report)


def test_the_config_of_the_readme_trains(dataset, tmp_path, quick_end):
    (changes,) = _yaml((ROOT / "README.md").read_text(encoding="utf-8"))
    path = tiny.write(tmp_path / "config.yml", tiny.config(dataset, changes["loss"], iters=1))
    assert len(train(path, save_dir=str(tmp_path / "output"), log_iters=1).loss) == 1


RECIPE = "{type: WeightedSumLoss, losses: [DiceLoss, SoftCLDiceLoss], coef: [0.5, 0.5]}"


def test_a_name_in_a_sum_means_the_same_in_every_command(dataset, tmp_path, quick_end):
    """The chooser's recipe for thin structures: a name alone is ours, a type PaddleSeg's, to check, doctor, train."""
    from paddleseg_losses.doctor import run_checks
    from paddleseg_losses.paddleseg.checking import check

    entry = yaml.safe_load(RECIPE)
    assert RECIPE[RECIPE.index("losses:") :] in (ROOT / "docs" / "choose.md").read_text(encoding="utf-8")
    for first, ours in (("DiceLoss", True), ({"type": "DiceLoss"}, False)):
        entry["losses"][0] = first
        path = tiny.write(tmp_path / "config.yml", tiny.config(dataset, entry, iters=1))
        report = check(path)
        assert report.right, str(report)
        assert any(str(note).startswith("DiceLoss without `type`") for note in report.notes) == ours
        assert ("paddleseg_losses.DiceLoss" in report.losses[0]) == ours
        assert not run_checks(path).mistakes
        recorder = tiny.recorder()
        train(path, save_dir=str(tmp_path / f"output{ours}"), log_iters=1, display=recorder)
        assert ("paddleseg_losses.DiceLoss" in "".join(recorder.said)) == ours


@pytest.mark.filterwarnings("ignore:(AmpScaler|amp_guard) can only be enabled on CUDAPlace")
def test_half_precision_on_a_cpu_is_said_to_be_none(dataset, tmp_path, quick_end):
    """As the guide says."""
    path, recorder = (
        tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"}, iters=1),
        tiny.recorder(),
    )
    train(path, save_dir=str(tmp_path / "output"), precision="fp16", device="cpu", display=recorder)
    assert any("on a CPU Paddle keeps to float32" in line for line in recorder.warned)
