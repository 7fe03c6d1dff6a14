"""The record of a training: nothing that was written is lost, and nothing counts twice."""

import json
import math
import subprocess

import pytest

from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg import record as records
from paddleseg_losses.paddleseg.record import FILE, Record, commit, read_record
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny


def _iterations(folder):
    return [event["iteration"] for event in read_record(folder) if event["event"] == "step"]


def test_a_torn_line_costs_itself_alone(tmp_path):
    record = Record(tmp_path)
    record.add("start", iteration=0)
    record.add("step", iteration=1, loss=math.nan)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"event": "step", "iterat')
    Record(tmp_path).add("step", iteration=3, loss=0.5)
    assert _iterations(tmp_path) == [1, 3]
    assert read_record(tmp_path)[1]["loss"] is None
    assert len((tmp_path / FILE).read_text().splitlines()) == 4


def test_what_is_taken_back_does_not_count(tmp_path):
    record = Record(tmp_path)
    record.add("start", iteration=0, resumed=None)
    for iteration in (1, 2, 3):
        record.add("step", iteration=iteration)
    record.add("stopped", iteration=3)
    record.add("start", iteration=2, resumed="iter_2")
    record.add("step", iteration=3)
    assert _iterations(tmp_path) == [1, 2, 3]
    assert [event["event"] for event in read_record(tmp_path)].count("start") == 2
    record.add("start", iteration=0, resumed=None)  # a new training in the same folder
    assert _iterations(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"", b"no json\n\xff\xfe\n[1]\n{}\n"])
def test_no_record(content, tmp_path):
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigError, match=FILE):
        read_record(tmp_path)


def test_a_training_that_is_stopped_and_goes_on_elsewhere(dataset, tmp_path, quick_end, monkeypatch):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "paddleseg_losses.DiceCELoss"})
    options = {"log_iters": 1, "save_interval": 2, "seed": 3}

    class Stopping(tiny.recorder().__class__):
        def tick(self, iteration, total):
            if iteration == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(path, save_dir=str(tmp_path / "one"), display=Stopping(), **options)
    events = read_record(tmp_path / "one")
    assert events[0]["event"] == "start"
    assert events[0]["config"]["loss"]["types"][0]["type"] == "paddleseg_losses.DiceCELoss"
    assert (events[0]["seed"], events[0]["iterations"]) == (3, 6)
    assert events[0]["versions"]["paddlepaddle"]
    assert events[-1]["event"] == "stopped"
    assert "KeyboardInterrupt" in events[-1]["reason"]
    reached = len(_iterations(tmp_path / "one"))
    assert reached >= 3

    resumed = str(tmp_path / "one" / "iter_2")
    train(path, save_dir=str(tmp_path / "two"), resume_model=resumed, do_eval=True, display=tiny.recorder(), **options)
    assert _iterations(tmp_path / "two") == [1, 2, 3, 4, 5, 6]
    events = read_record(tmp_path / "two")
    kinds = [event["event"] for event in events]
    assert kinds[-1] == "scores"
    assert kinds.count("evaluation") == 2
    assert {term["name"] for term in events[1]["terms"]} == {"dice", "cross_entropy"}
    assert _iterations(tmp_path / "one") == list(range(1, reached + 1))  # the first folder is left as it was


def test_the_commit_of_a_folder(tmp_path):
    assert commit(tmp_path) is None
    (tmp_path / "a.yml").write_text("a: 1\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for arguments in (["init", "-q"], ["add", "a.yml"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert commit(tmp_path) == head
    (tmp_path / "a.yml").write_text("a: 2\n")
    assert commit(tmp_path) == head + "+"


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(tmp_path) is None


def test_every_line_is_json(tmp_path):
    Record(tmp_path).add("start", iteration=0, config={"path": tmp_path, "numbers": (1, math.inf)}, note="裂缝")
    entry = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert entry["config"] == {"path": str(tmp_path), "numbers": [1, None]}
    assert entry["note"] == "裂缝"
    assert entry["event"] == records.START
