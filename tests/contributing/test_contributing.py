"""CONTRIBUTING.md is short, and true: it is followed word by word for a made-up loss of each family."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddleseg_losses import DiceLoss, HausdorffERLoss, kernels, registry
from paddleseg_losses.kernels import backend
from paddleseg_losses.losses import families

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NEEDED = ("paddleseg_losses", "docs", "tests", "README.md", "README_cn.md", "benchmarks")


@dataclass(frozen=True)
class Row:
    """A line of the table of families."""

    family: str
    chapter: str
    file: str
    hook: str

    @property
    def model(self):
        """The loss that is copied."""
        (spec,) = (s for s in registry.specs() if s.cls.__module__.endswith(f".{self.chapter}.{self.file}"))
        return spec

    @property
    def name(self):
        return f"MadeUp{self.family}"

    @property
    def title(self):
        """What its title begins with."""
        return f"{self.name}, made up: "

    @property
    def stem(self):
        """Of its file: the name of the class in snake case."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name.removesuffix("Loss")).lower()


ROWS = [Row(*cells) for cells in re.findall(r"\| `(\w+)` \| `(\w+)/(\w+)\.py` \| `(\w+\([\w, ]*\))` \|", TEXT)]


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 50


def test_the_files_it_names_exist():
    named = re.findall(r"`((?:[\w]+/)+(?:\w+\.\w+)?)`", TEXT)
    made_up = {"losses/region/my.py", "kernels/cuda/error_sums.py"}
    places = (ROOT, ROOT / "paddleseg_losses", ROOT / "paddleseg_losses/losses")
    for path in set(named) - made_up:
        assert any((place / path).exists() for place in places), path
    assert made_up < set(named)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.family)
def test_the_hook_is_the_only_one_that_the_family_leaves_open(row):
    family, (name, arguments) = getattr(families, row.family), re.fullmatch(r"(\w+)\((.*)\)", row.hook).groups()
    assert _open_hooks(family) == [name]
    assert issubclass(row.model.cls, family)
    assert name in vars(row.model.cls)
    assert list(inspect.signature(getattr(family, name)).parameters)[1:] == [a for a in arguments.split(", ") if a]


def test_every_family_has_a_line():
    """But for those that only other families derive from, those of overlaps, generalized Dice and wrappers."""
    inner = {"PerClassLoss", "OverlapLoss", "SumsLoss", "Spaced", "ClassSumLoss", "WrapperLoss"}
    classes = {name for name, value in vars(families).items() if inspect.isclass(value)}
    assert classes - inner == {row.family for row in ROWS}


def _open_hooks(cls):
    return [name for name in dir(cls) if getattr(getattr(cls, name), "__isabstractmethod__", False)]


def _write_class(tree, row):
    chapter = tree / "paddleseg_losses/losses" / row.chapter
    text = (chapter / f"{row.file}.py").read_text(encoding="utf-8").replace(row.model.name, row.name)
    text = re.sub(r"    order=\d+,\n", "", text)
    text = text.replace('    title="', f'    title="{row.title}', 1)
    (chapter / f"{row.stem}.py").write_text(text, encoding="utf-8")


def _write_reference(tree, row):
    path = tree / f"tests/reference/{row.chapter}.py"
    text = path.read_text(encoding="utf-8")
    (formula,) = re.findall(rf'@reference\("{row.model.name}"\)\n(?:.*\n)*?(?=\n\n|\Z)', text)
    path.write_text(f"{text}\n\n{formula.replace(row.model.name, row.name)}", encoding="utf-8")


def _write_choice(tree, row):
    for path in sorted((tree / "docs/choose").glob("[0-9]*.yml")):
        text = path.read_text(encoding="utf-8")
        lines = rf"^    {row.model.name}:\n(?:      .*\n)+"
        text = re.sub(lines, lambda match: match[0] + match[0].replace(row.model.name, row.name), text, flags=re.M)
        path.write_text(text, encoding="utf-8")


def _write_translation(tree, row):
    """After `make docs`, which has added the texts; those that it copied from another loss have theirs."""
    path = tree / "paddleseg_losses/i18n/zh/LC_MESSAGES/paddleseg_losses.po"
    text = path.read_text(encoding="utf-8")
    empty = rf'(#, fuzzy\n)?(msgid (?:".*"\n)*?".*{row.title}.*"\nmsgstr )(?:".*"\n)+'
    text, count = re.subn(empty, r'\2"虚构的损失"\n', text)
    assert count == 1
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what the recipe touches, with the five classes and nothing else."""
    tree = tmp_path_factory.mktemp("tree")
    for name in NEEDED:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
        else:
            shutil.copy(ROOT / name, tree / name)
    for row in ROWS:
        _write_class(tree, row)
    return tree


def _inspected(tree):
    path = os.pathsep.join(str(tree / name) for name in ("", "docs", "tests"))
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("inspect_tree.py"))],
        cwd=tree, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_missing_is_named(tree):
    facts = _inspected(tree)
    assert sorted(facts["public"]) == sorted(row.name for row in ROWS)  # the class alone puts it on the list
    assert facts["gaps"] == {}  # `test_every_loss_has_a_reference` names those that have none
    for row in ROWS:
        complaints = [problem for problem in facts["problems"] if row.name in problem]
        for symptom in row.model.suits:
            assert f"docs/choose: {symptom} lacks {row.name}, which `suits` it" in complaints
        assert any("fuzzy" in problem or "not translated" in problem for problem in complaints)


def test_the_four_places_are_enough(tree):
    for row in ROWS:
        for write in (_write_reference, _write_choice, _write_translation):
            write(tree, row)
    facts = _inspected(tree)
    assert facts["problems"] == []
    for row in ROWS:
        assert facts["laws"][row.name] > 50
        assert facts["gaps"][row.name] < 1e-9


def test_a_backend_for_one_operation(monkeypatch):
    """Its kernel is called for what it supports, by a loss that does not know of it; all else is as before."""
    logits = paddle.to_tensor(np.random.default_rng(1).normal(size=(2, 3, 7, 5)))
    labels = paddle.to_tensor(np.random.default_rng(2).integers(0, 3, size=(2, 7, 5)))
    expected = [float(loss(logits, labels)) for loss in (HausdorffERLoss(), DiceLoss())]
    calls = []

    def erosion_sums(problem, skip, weights):
        calls.append(problem.mode)
        return paddle.full([2, problem.channels], 35.0, problem.scores.dtype)

    module = types.ModuleType("paddleseg_losses.kernels.made_up")
    module.erosion_sums = erosion_sums
    monkeypatch.setitem(sys.modules, module.__name__, module)
    line = kernels.Backend(
        "made up", lambda problem: problem.scores.dtype == paddle.float64, {"erosion_sums": "made_up"}
    )
    monkeypatch.setattr(backend, "BACKENDS", (line, *backend.BACKENDS))
    assert float(HausdorffERLoss()(logits, labels)) == 1.0
    assert calls == ["multiclass"]
    assert float(DiceLoss()(logits, labels)) == expected[1]
    monkeypatch.undo()
    assert float(HausdorffERLoss()(logits, labels)) == expected[0]
