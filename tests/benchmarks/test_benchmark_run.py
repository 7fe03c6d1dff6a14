"""A small run from end to end, with this package alone."""

import json
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import paddle
import pytest
from click.testing import CliRunner

from benchmarks import conditions, memory, parts
from benchmarks.__main__ import main
from benchmarks.cases import Shape, arrays
from benchmarks.processes import Failed, started
from paddleseg_losses import CrossEntropyLoss

SMALL = Shape("small", (2, 3, 20, 24))


@pytest.fixture(scope="module")
def worker():
    with started("ours", threads=1) as processes:
        yield processes["ours"]


@pytest.fixture(scope="module")
def other():
    with started("paddle", threads=1) as processes:
        yield processes["paddle"]


def test_a_worker_measures_and_tells_the_value(worker, other):
    first = worker.ask("prepare", peer="ours", loss="DiceLoss", shape=SMALL)
    plain = other.ask("prepare", peer="paddle", loss="DiceLoss", shape=SMALL)
    assert first["value"] == pytest.approx(plain["value"], rel=1e-5)
    seconds = worker.ask("time", peer="ours", loss="DiceLoss", shape=SMALL, steps=3)["seconds"]
    assert len(seconds) == 3
    assert all(0 < s < 60 for s in seconds)


def test_a_worker_tells_what_a_peer_lacks(worker, other):
    assert worker.ask("describe", peer="ours", loss="LovaszHingeLoss", shape=SMALL) == {"has": False}
    assert other.ask("describe", peer="paddle", loss="MCCLoss", shape=SMALL) == {"has": False}
    assert worker.ask("describe", peer="ours", loss="MCCLoss", shape=SMALL)["has"]


def test_a_worker_survives_what_it_cannot_do(worker):
    with pytest.raises(Failed, match="KeyError"):
        worker.ask("prepare", peer="ours", loss="NoLoss", shape=SMALL)
    assert worker.ask("describe", peer="ours", loss="DiceLoss", shape=SMALL)["has"]


@pytest.mark.skipif(not memory.supported(), reason="the kernel's high-water mark is Linux's")
def test_peak_extra_memory_sees_what_was_freed_again():
    def step():
        np.ones(4 << 20, np.float64)  # 32 MiB, gone before the end

    pieces = [np.ones(1 << 17) for _ in range(80)]  # of 1 MiB: from the second on they lie side by side in the heap
    del pieces[1:-1]  # a hole that would do for 32 MiB
    assert 32 <= memory.peak_extra(lambda: None, step) / (1 << 20) < 36
    assert memory.peak_extra(lambda: None, lambda: None) < 1 << 20


def test_a_step_that_fails_in_the_fork_is_an_error():
    with pytest.raises(RuntimeError, match="without an answer"):
        memory.peak_extra(lambda: None, lambda: 1 / 0)


def test_a_run_prints_and_stores(worker, other, tmp_path, monkeypatch):
    there = {"ours": worker, "paddle": other}
    monkeypatch.setattr(
        conditions, "started", lambda *names, threads: nullcontext({name: there[name] for name in names})
    )
    what = "--losses DiceLoss --shapes tiny --peers paddle --parts times,memory,accuracy"
    arguments = f"{what} --rounds 2 --seconds 0.05 --threads 1"
    done = CliRunner().invoke(main, [*arguments.split(), "--output", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert {row["peer"] for row in results["times"]} == {"ours", "paddle"}
    assert results["conditions"]["threads"] == 1
    assert not results["conditions"]["everything"]
    assert any(verdict["loss"] == "DiceLoss" for verdict in results["verdicts"])
    english, chinese = ((tmp_path / name).read_text(encoding="utf-8") for name in ("benchmarks.md", "benchmarks_cn.md"))
    assert "A part of the benchmark only" in english
    assert "只运行了部分测试" in chinese
    figures = [[line for line in text.splitlines() if line.startswith("| `DiceLoss`")] for text in (english, chinese)]
    assert figures[0] == figures[1] != []


def test_forms_of_labels_are_measured_and_shown_in_both_languages(worker, tmp_path, monkeypatch):
    for module in (conditions, parts):  # one that is there: the parts of the run above start their own
        monkeypatch.setattr(module, "started", lambda *names, threads: nullcontext({"ours": worker}))
    shape = Shape("labels", (2, 8, 20, 24))
    monkeypatch.setattr(parts.labels, "__defaults__", (shape,))
    losses = ["DiceLoss", "FocalLoss", "LovaszHingeLoss", "BinaryCrossEntropyLoss"]
    arguments = f"--losses {','.join(losses)} --parts labels --peers ours --rounds 1 --threads 1"
    done = CliRunner().invoke(main, [*arguments.split(), "--output", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    rows = {row["loss"]: row for row in json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["labels"]}
    assert {name: (row["size"], list(row["ms"])) for name, row in rows.items()} == {
        "DiceLoss": ([2, 8, 20, 24], ["index", "one-hot", "soft"]),
        "FocalLoss": ([2, 8, 20, 24], ["index", "one-hot"]),
        "LovaszHingeLoss": ([2, 2, 20, 24], ["index", "one-hot"]),
    }  # and no loss without classes that exclude each other
    for name, heading, asked in (
        ("benchmarks.md", "## Forms of labels", "soft labels <= 3x class indices"),
        ("benchmarks_cn.md", "## 标签的写法", "软标签的耗时不超过类别编号的 3 倍"),
    ):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert asked in text
        assert sum(line.startswith("| `DiceLoss` |") for line in text.partition(heading)[2].splitlines()) == 1


@pytest.mark.parametrize("form", ["index", "one-hot", "soft"])
def test_forms_of_labels_say_the_same(worker, form):
    """Soft targets are those of label smoothing."""
    actual = worker.ask("prepare", peer="ours", loss="CrossEntropyLoss", shape=replace(SMALL, labels=form))["value"]
    made = arrays(SMALL.size)
    plain = CrossEntropyLoss(label_smoothing=0.1 if form == "soft" else 0.0)
    expected = float(plain(paddle.to_tensor(made.logits), paddle.to_tensor(made.labels)))
    assert actual == pytest.approx(expected, rel=1e-6)


def test_unknown_names_are_refused():
    done = CliRunner().invoke(main, ["--losses", "DieLoss"])
    assert done.exit_code == 2
    assert "DieLoss" in done.output
