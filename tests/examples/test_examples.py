"""Each example runs from any folder, and what it says is true."""

import os
import re
from pathlib import Path

import pytest

from tests import fresh

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
MEDICALSEG = os.environ.get("MEDICALSEG_CLONE")
NOT_RUN_HERE = {"quick_start", "shapes"}  # the demo, minutes of training; and what the others import


def _run(name, folder, *arguments, timeout=300):
    done = fresh.run(EXAMPLES / f"{name}.py", *arguments, cwd=folder, timeout=timeout)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _dice(text):
    return [float(value) for value in re.findall(r"^Dice of .*: (\S+)$", text, re.MULTILINE)]


def test_every_example_has_a_test():
    source = Path(__file__).read_text(encoding="utf-8")
    run = set(re.findall(r'_run\("(\w+)"', source))
    assert {path.stem for path in EXAMPLES.glob("*.py")} == run | NOT_RUN_HERE


def test_plain_paddle(tmp_path):
    text = _run("plain_paddle", tmp_path)
    for value, cross, dice in re.findall(r"loss (\S+)  \(cross_entropy (\S+), dice (\S+)\)", text):
        assert float(value) == pytest.approx(0.5 * float(cross) + 0.5 * float(dice), abs=2e-3)
    assert len(_dice(text)) == 3
    assert min(_dice(text)) > 0.7


def test_binary(tmp_path):
    rows = re.findall(r"^\w+Loss\(.*\) +(0\.\d+) +(0\.\d+) +(0\.\d+)$", _run("binary", tmp_path), re.MULTILINE)
    cross, dice, tversky = ([float(value) for value in row] for row in rows)
    assert min(cross[0], dice[0], tversky[0]) > 0.7
    assert tversky[1] > dice[1] > cross[1]  # as the text says: more is found,
    assert tversky[2] < dice[2]  # and less of it is right


def test_multilabel(tmp_path):
    text = _run("multilabel", tmp_path)
    assert len(_dice(text)) == 2
    assert min(_dice(text)) > 0.7
    assert int(re.search(r"bear both labels: (\d+)", text)[1]) > 1000


@pytest.mark.slow
@pytest.mark.skipif(not MEDICALSEG, reason="MEDICALSEG_CLONE does not name contrib/MedicalSeg of a clone of PaddleSeg")
def test_skull_stripping(tmp_path):
    """Two steps on tiny volumes: it prepares, trains and evaluates; the weights are those that were saved."""
    budget = ["--size", "16", "16", "16", "--cuts", "2", "--iters", "2"]
    text = _run("skull_stripping", tmp_path, "--medicalseg", MEDICALSEG, *budget, timeout=1500)
    assert "the losses are right" in text
    assert "distance losses measure in the spacing of each case" in text
    during, after = re.findall(r"\[EVAL\] #Images: 1, Dice: ([\d.]+)", text)
    assert during == after


def test_volume(tmp_path):
    text = _run("volume", tmp_path)
    assert "logits [8, 2, 12, 24, 28], labels [8, 12, 24, 28]" in text
    assert text.count("BoundaryLoss") == 4
    assert _dice(text)[0] > 0.7


def test_custom_loss(tmp_path):
    text = _run("custom_loss", tmp_path)
    assert re.search(r"^MyCrossEntropyLoss\(\) keeps \d\d laws in \d{3} cases\.$", text, re.MULTILINE)
    assert re.search(r"^MyCrossEntropyLoss\(q=0\.5\): 0\.\d+$", text, re.MULTILINE)
    assert "NaiveLoss breaks 2 of" in text
    assert "Law 8, extremes" in text


def test_the_custom_loss_is_written_in_fifteen_lines():
    source = (EXAMPLES / "custom_loss.py").read_text(encoding="utf-8")
    written = re.search(r"^@registered.*?(?=\n\n\n)", source, re.MULTILINE | re.DOTALL)[0]
    assert "class MyCrossEntropyLoss" in written
    assert len(written.splitlines()) <= 15


def test_auxiliary_heads(tmp_path):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    pytest.importorskip("nilearn", reason="the demo's data is not installed")
    text = _run("auxiliary_heads", tmp_path, "--iters", "6", "--data", "mni", "--out", "out")
    heads = [(float(coef), float(value)) for coef, value in re.findall(r"^  output .* = (\S+) x (\S+)$", text, re.M)]
    assert [coef for coef, _ in heads] == [1, 0.4]
    total = float(re.search(r"what is minimised: (\S+)", text)[1])
    assert total == pytest.approx(sum(coef * value for coef, value in heads), abs=2e-3)
    assert re.search(r"head 1: 0\.4 x \(?CrossEntropyLoss", text)
    assert re.search(r"^mean +\S+ +\S+$", text, re.MULTILINE)
    assert (tmp_path / "out" / "iter_6" / "model.pdparams").is_file()
