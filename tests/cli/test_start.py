"""`start` as a command."""

import json

import pytest

from paddleseg_losses.paddleseg.config import load
from tests.start import scenes

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
    assert (
        "paddleseg-losses train --config cells_start/config.yml --do_eval --save_dir cells_start/output" in done.stdout
    )
    assert load(tmp_path / "cells_start" / "config.yml")["model"]["num_classes"] == 2
    again = call("start", "cells", *arguments)
    assert again.exit_code == 1
    assert "config.yml" in again.stderr


def test_json(call_json, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = scenes.write(tmp_path / "cells", NAMES)
    (root / "images" / "none.jpg").write_bytes(b"")
    code, found = call_json("start", "cells")
    assert code == 0
    assert found["images"] == {"train": 5, "val": 1}
    assert found["left_out"] == [{"file": "images/none.jpg", "reason": "the file is empty"}]
    assert [each["values"] for each in found["classes"]] == [[0], [255]]
    assert found["next"][0] == "paddleseg-losses check cells_start/config.yml"
    assert json.loads((tmp_path / "cells_start" / "start.json").read_text())["samples"] == 6
    code, found = call_json("start", "nowhere")
    assert code == 1
    assert "There is no folder" in found["error"]["found"]
