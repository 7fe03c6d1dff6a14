"""The page about what comes after a training: its commands work, one after another, and so do its programs."""

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from paddleseg_losses.cli import main
from tests import tiny

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "after_training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines()]


def test_the_page_from_top_to_bottom(tmp_path, quick_end, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = tiny.write_dataset(tmp_path / "data")
    tiny.write_config(Path("my_config.yml"), data, {"type": "TverskyLoss"}, iters=2)
    Path("photos").mkdir()
    shutil.copy(data / "image0.png", "photos")
    assert len(COMMANDS) == 7
    for command in COMMANDS:
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, done.output
    made = "output/report.html output/pictures scores/index.html scores/images.csv deploy/deploy.yaml"
    for name in (*made.split(), "predictions/pseudo_color_prediction/image0.png"):
        assert Path(name).exists()
    for program in (text for kind, text in BLOCKS if kind == "python"):
        exec(compile(program, "page", "exec"), {})
    assert "(2, 3)" in capsys.readouterr().out


@pytest.mark.parametrize("name", re.findall(r"`(--\w+)", PAGE))
def test_options_exist(name):
    known = {option for command in ("train", "evaluate", "predict", "export")
             for param in main.get_command(click.Context(main), command).params for option in param.opts}  # fmt: skip
    assert name in known
