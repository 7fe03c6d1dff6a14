"""`run`: a script finds what `python SCRIPT` would give it, and our losses besides."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg.runner import run
from tests import tiny

CLONE = os.environ.get("PADDLESEG_CLONE")
REPORT = """\
import json, sys, pathlib
from helper import VALUE
from paddleseg.cvlibs import manager
import paddleseg
found = dict(
    argv=sys.argv, first=sys.path[0], name=__name__, file=__file__, value=VALUE,
    ours=[name for name, cls in manager.LOSSES.components_dict.items() if hasattr(cls, "spec")],
    paddleseg=paddleseg.__file__,
)
pathlib.Path(sys.argv[1]).write_text(json.dumps(found))
"""


@pytest.fixture
def script(tmp_path):
    folder = tmp_path / "clone" / "tools"
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text("VALUE = 42\n")
    (folder / "script.py").write_text(REPORT)
    yield folder / "script.py"
    sys.modules.pop("helper", None)


def test_the_script_sees_what_python_would_give_it(script, tmp_path, losses_table):
    argv, path = list(sys.argv), list(sys.path)
    report = tmp_path / "report.json"
    run(script, [str(report), "--config", "x.yml", "--help"], override=["DiceLoss"])
    facts = json.loads(report.read_text())
    assert facts["argv"] == [str(script), str(report), "--config", "x.yml", "--help"]
    assert facts["first"] == str(script.parent)
    assert (facts["name"], facts["file"], facts["value"]) == ("__main__", str(script), 42)
    assert {"paddleseg_losses.DiceLoss", "DiceLoss", "TverskyLoss"} <= set(facts["ours"])
    assert "FocalLoss" not in facts["ours"]
    assert (sys.argv, sys.path) == (argv, path)


def test_a_clone_comes_before_what_is_installed(script, tmp_path):
    package = script.parent.parent / "paddleseg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "cvlibs.py").write_text(
        "class Table:\n    components_dict = {}\nclass manager:\n    LOSSES = MODELS = TRANSFORMS = Table\n"
    )
    # A process of its own: the installed PaddleSeg is imported here already. There is nothing to mend in this clone.
    code = (
        "import sys, paddleseg_losses.paddleseg.runner as r\n"
        "r.fixed = r.swapped; r.monitored = lambda **_: r.swapped()\n"
        "r.run(sys.argv[1], sys.argv[2:])"
    )
    report = tmp_path / "report.json"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(script), str(report)], check=True, timeout=120)
    facts = json.loads(report.read_text())
    assert facts["paddleseg"] == str(package / "__init__.py")
    assert "DiceLoss" in facts["ours"]  # this clone has none of its own


def test_errors_and_exit_codes_of_the_script_are_its_own(script, losses_table):
    script.write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(SystemExit) as caught:
        run(script)
    assert caught.value.code == 3
    script.write_text("raise KeyError('mine')\n")
    with pytest.raises(KeyError, match="mine"):
        run(script)


def test_a_missing_script(tmp_path):
    with pytest.raises(ConfigError, match="There is no script"):
        run(tmp_path / "tools" / "train.py")


@pytest.mark.slow
@pytest.mark.skipif(not CLONE, reason="PADDLESEG_CLONE does not name a clone of PaddleSeg")
def test_tools_train_of_a_clone_unchanged(dataset, tmp_path):
    config = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"})
    command = [sys.executable, "-m", "paddleseg_losses", "run", "tools/train.py", "--config", str(config), "--do_eval"]
    command += ["--save_dir", str(tmp_path / "output"), "--device", "cpu", "--log_iters", "3", "--opts", "iters=3"]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "iter: 3/3" in done.stdout
    assert (tmp_path / "output" / "best_model" / "model.pdparams").is_file()
