"""`start` as a command."""

import json
import re
import shlex
from pathlib import Path

import pytest

from paddleseg_losses.paddleseg.config import load
from tests.start import scenes

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("images/p{}.jpg", "masks/p{}.png")


@pytest.mark.parametrize("arguments", [[], ["--lang", "zh"]])
def test_the_command(call, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    scenes.write(tmp_path / "cells", NAMES)
    dry = call("start", "cells", "--dry-run", *arguments)
    assert dry.exit_code == 0, dry.stderr
    assert not (tmp_path / "cells_start").exists()
    done = call("start", "cells", *arguments)
    assert done.exit_code == 0, done.stderr
    page = "start_cn.md" if arguments else "start.md"
    listed = re.findall(r"^paddleseg-losses .*", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    after = [line.replace("data/my_images", "cells_start") for line in listed if "start my_images" not in line]
    after = [" ".join([line, *arguments]) for line in after]
    assert len(after) == 6
    printed = [line.strip() for line in done.stdout.splitlines()]
    assert printed[-6:] == after  # the page says what the command says
    assert load(tmp_path / "cells_start" / "config.yml")["model"]["num_classes"] == 2
    again = call("start", "cells", *arguments)
    assert again.exit_code == 1
    assert "config.yml" in again.stderr


def test_commands_to_copy_are_quoted(call_json, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scenes.write(tmp_path / "it's (mine)", NAMES)
    _code, found = call_json("start", "it's (mine)", "--dry-run")
    assert [shlex.split(line)[-1] for line in found["next"]][:2] == ["it's (mine)_start/config.yml"] * 2


def test_commands_to_copy_speak_the_language_of_this_one(call_json, tmp_path, monkeypatch):
    """Which the locale may say already."""
    monkeypatch.chdir(tmp_path)
    scenes.write(tmp_path / "cells", NAMES)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for arguments, end in ([], ".yml"), (["--lang", "zh"], ".yml"), (["--lang", "en"], ".yml --lang en"):
        _code, found = call_json("start", "cells", "--dry-run", *arguments)
        assert found["next"][0].endswith(end)


def test_json(call_json, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = scenes.write(tmp_path / "cells", NAMES)
    (root / "images" / "none.jpg").write_bytes(b"")
    code, printed = call_json("start", "cells")
    assert code == 0
    assert printed["images"] == {"train": 5, "val": 1}
    assert printed["left_out"] == [{"file": "images/none.jpg", "reason": "the file is empty"}]
    assert [each["values"] for each in printed["classes"]] == [[0], [255]]
    assert printed["next"][0] == "paddleseg-losses check cells_start/config.yml"
    assert json.loads((tmp_path / "cells_start" / "start.json").read_text())["samples"] == 6
    code, printed = call_json("start", "nowhere")
    assert code == 1
    assert "There is no folder" in printed["error"]["found"]


@pytest.mark.slow  # seven commands, one of which trains
@pytest.mark.parametrize("language", ["en", "zh"])
def test_from_a_folder_to_a_page(call, tmp_path, monkeypatch, quick_end, language):
    """The commands of the README on thirty images, one of them broken and one of another size than its mask."""
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "my_images"
    for number in range(30):
        scenes.save_image(root / "images" / f"p{number // 3}_{number % 3}.jpg", scenes.disc(number))
        scenes.save_mask(root / "masks" / f"p{number // 3}_{number % 3}.png", scenes.foreground(number))
    broken = root / "images" / "p2_1.jpg"
    broken.write_bytes(broken.read_bytes()[:700])
    scenes.save_mask(root / "masks" / "p4_0.png", scenes.foreground(0)[:20])
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## From a folder of images")[2].partition("##")[0]
    commands = re.findall(r"^paddleseg-losses .*", section, re.MULTILINE)
    assert len(commands) == 7
    for line in commands:
        words = shlex.split(line, comments=True)[1:]
        if words[0] == "train":
            words += ["--iters", "2"]
        done = call(*words, "--lang", language)
        whole = words[0] != "predict"  # which is given all images, and names the broken one
        assert done.exit_code == (0 if whole else 1), f"{line}\n{done.stdout}\n{done.stderr}"
        assert whole or "p2_1.jpg" in done.stderr
    assert (tmp_path / "output" / "report.html").stat().st_size > 1000
    assert (tmp_path / "scores" / "index.html").is_file()
    assert (
        sum(len((tmp_path / f"data/my_images/{part}.txt").read_text().splitlines()) for part in ("train", "val")) == 28
    )
