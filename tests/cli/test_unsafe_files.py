"""Every command that reads a configuration refuses what no configuration is, with a sentence and exit code 1."""

import os
import time

import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from tests import tiny
from tests.unit.test_safe_yaml import BOMB

FILES = {
    "bomb.yml": (f"{BOMB}loss: {{types: [*a11], coef: [1]}}\n", "more than 20000 values"),
    "device.yml": ("_base_: /dev/zero\n", "a device, not a file"),
    "name.yml": ("loss: !!python/name:os.system\n", "the tag !!python/name:os.system"),
    "deep.yml": ("loss: " + "[" * 3000, "more than 64 levels"),
}
COMMANDS = {
    "check": ["check"],
    "doctor": ["doctor", "--config"],
    "train": ["train", "--config"],
    "weights": ["weights"],
    "run": ["run", "script.py", "--config"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", FILES)
def test_it_is_refused(name, command, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text("raise SystemExit('it ran')\n")
    text, refusal = FILES[name]
    (tmp_path / name).write_text(text)
    start = time.perf_counter()
    result = call(*COMMANDS[command], name)
    assert time.perf_counter() - start < 2
    assert result.exit_code == 1
    assert refusal in " ".join(result.output.split())


@pytest.mark.parametrize("command", ["doctor", "train", "weights"])
def test_a_list_of_images_is_a_file(command, call, tmp_path):
    content = tiny.config(tmp_path, {"type": "DiceLoss"})
    content["train_dataset"]["train_path"] = "/dev/zero"
    path = tiny.write(tmp_path / "config.yml", content)
    result = call(*COMMANDS[command], path)
    assert result.exit_code == 1
    assert "/dev/zero is a device, not a file" in " ".join(result.output.split())


def test_a_list_that_is_a_pipe(call, tmp_path):
    os.mkfifo(tmp_path / "list.txt")
    result = call("weights", tmp_path / "list.txt")
    assert (result.exit_code, "is a pipe, not a file" in " ".join(result.output.split())) == (1, True)
