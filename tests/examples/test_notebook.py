"""The notebook runs from top to bottom, and the outputs stored in it are those of the package as it is."""

import importlib.machinery
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "examples" / "ai_studio.ipynb"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
TEXT = [cell for cell in CELLS if cell.cell_type == "markdown"]
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
STABLE = {cell.id for cell in CODE if "stable" in cell.metadata.get("tags", ())}  # the same on every machine
SILENT = {"install", "yaml"}
FOUND = SimpleNamespace(origin="somewhere")


def _shown(cell):
    """What a cell printed, as words: colours and line ends depend on the terminal."""
    text = "".join(output.get("text", "") for output in cell.outputs)
    return re.sub(r"\x1b\[[\d;]*m", "", text).split()


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The cells after a run in an empty folder."""
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    notebook, folder = nbformat.read(NOTEBOOK, as_version=4), tmp_path_factory.mktemp("notebook")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = cell.source.replace("iters=60", "iters=5")  # of each training that `compare` starts
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))  # this tree, not another one that may be installed
        where = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    return {cell.id: cell for cell in notebook.cells}


def test_it_is_chinese_to_the_headings():
    for cell in TEXT:
        for line in cell.source.splitlines():
            if line.strip():
                assert re.search("[\u4e00-\u9fff]", line), line


def _installs(folder, monkeypatch, found=lambda name: None):
    """What the first cell hands to pip in a folder, where `found` is what Python finds."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("importlib.util.find_spec", found)
    (cell,) = [cell for cell in CODE if cell.id == "install"]
    code = re.sub(r"%pip install -q (.*)", r"told.append(f\1)", cell.source)
    told = []
    exec(compile(code, "cell", "exec"), names := {"told": told})
    return told, names["needed"]


def _clone(folder):
    (folder / "paddleseg_losses").mkdir(parents=True)
    (folder / "paddleseg_losses" / "__init__.py").touch()
    return folder


def test_the_first_cell_installs_a_wheel_that_was_uploaded_or_a_clone(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"缺少 paddleseg_losses、.*上传"):
        _installs(tmp_path, monkeypatch)
    for folder in (ROOT, ROOT / "examples"):
        assert _installs(folder, monkeypatch)[0] == [f"{ROOT}[paddleseg,compare]"]
    beside = _clone(tmp_path / "paddleseg-losses")
    assert _installs(tmp_path, monkeypatch)[0] == [f"{beside}[paddleseg,compare]"]
    wheel = tmp_path / "paddleseg_losses-0.1.0-cp39-abi3-linux_x86_64.whl"
    wheel.touch()
    for folder in (tmp_path, beside):
        assert _installs(folder, monkeypatch)[0] == [f"{wheel}[paddleseg,compare]"]


def test_the_first_cell_installs_what_one_package_lacks(monkeypatch):
    """In the root of a clone Python finds the source, though nothing is installed; and a wheel may lack the extras."""
    told, needed = _installs(ROOT, monkeypatch, lambda name: FOUND)
    assert told == []
    for absent in needed:
        told, _ = _installs(ROOT, monkeypatch, lambda name, absent=absent: None if name == absent else FOUND)
        assert told == [f"{ROOT}[paddleseg,compare]"], absent
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = re.findall(r"^(?:paddleseg|demo|compare) = \[(.*)\]$", project, re.MULTILINE)
    packages = set(re.findall(r'"([\w-]+)', ", ".join(extras)))
    modules = {
        "pillow": "PIL",
        "scikit-image": "skimage",
        "Markdown": "markdown",
        "paddleseg-losses": "paddleseg_losses",
    }
    assert {modules.get(name, name) for name in packages - {"numpy", "pandas", "setuptools"}} == set(needed)


def test_a_clone_of_the_same_name_is_not_the_package(tmp_path, monkeypatch):
    """Python takes a folder `paddleseg_losses` without code for a part of a package."""
    clone, known = _clone(tmp_path / "paddleseg_losses"), importlib.machinery.PathFinder.find_spec
    told, _ = _installs(tmp_path, monkeypatch, lambda name: known(name, [str(tmp_path)]) or FOUND)
    assert told == [f"{clone}[paddleseg,compare]"]


def test_the_notebook_itself_is_sound():
    nbformat.validate(nbformat.read(NOTEBOOK, as_version=4))
    assert NOTEBOOK.stat().st_size < 400_000
    assert [cell.execution_count for cell in CODE] == list(range(1, len(CODE) + 1))
    for cell in CODE:
        assert bool(cell.outputs) != (cell.id in SILENT), cell.id
        assert {output.get("name", "stdout") for output in cell.outputs} <= {"stdout"}, cell.id
        assert not any(output.output_type == "error" for output in cell.outputs)
    assert not re.search(r"/(home|root|work|tmp|usr)/", NOTEBOOK.read_text(encoding="utf-8"))


def test_it_runs_from_top_to_bottom(executed):
    for cell in CODE:
        run = executed[cell.id]
        assert [output.output_type for output in run.outputs if output.output_type == "error"] == []
        assert bool(run.outputs) == bool(cell.outputs), cell.id
        kinds = ["image/png" in output.get("data", {}) for output in run.outputs]
        assert any(kinds) == (cell.id in {"gradient", "result"})


def test_the_install_cell_does_nothing_where_the_package_is(executed):
    (install,) = (cell for cell in CODE if "install" in cell.metadata.get("tags", ()))
    assert "%pip install" in install.source
    assert executed[install.id].outputs == []


def test_the_stored_outputs_are_what_it_prints(executed):
    assert STABLE
    for cell in CODE:
        if cell.id in STABLE:
            assert _shown(executed[cell.id]) == _shown(cell), f"{cell.id}: python docs/execute_notebook.py"


def test_what_the_text_says_of_the_outputs(executed):
    for cells in (executed, {cell.id: cell for cell in CODE}):
        said = " ".join(_shown(cells["tensors"]))
        assert "不变： True" in said
        assert "忽略处的最大梯度： 0.0" in said
        values = [float(value) for value in re.findall(r"loss (\d\S+) \(", " ".join(_shown(cells["train"])))]
        assert len(values) == 5
        assert values[-1] < 0.7 * values[0]
        dice = re.findall(r"(?:CSF|matter) (0\.\d+)", " ".join(_shown(cells["scores"])))
        assert len(dice) == 3
        assert min(map(float, dice[1:])) > 0.6


def test_files_that_the_text_names_are_there():
    named = re.findall(r"`((?:docs|configs|examples)/\S*)`", "\n".join(cell.source for cell in TEXT))
    assert named
    for name in named:
        assert (ROOT / name).exists(), name
