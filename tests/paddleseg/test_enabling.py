"""An environment of its own: off by default, on after `enable`, harmless when something is broken, off again."""

import os
import re
import subprocess
import sysconfig
import textwrap
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

import paddleseg_losses
from paddleseg_losses.paddleseg import enabling
from tests.paddleseg.conftest import STAND_IN

HOME = str(Path(paddleseg_losses.__file__).parents[1])
PADDLESEG = pytest.mark.skipif(not find_spec("cv2"), reason="PaddleSeg is not installed")
HOOK, PTH = "_paddleseg_losses_enable.py", "paddleseg_losses_enable.pth"
SCRIPT = """
    import warnings
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        from paddleseg.cvlibs import manager
    table = manager.LOSSES.components_dict
    print("ComboLoss" in table, "paddleseg_losses.DiceLoss" in table, table["DiceLoss"].__module__.split(".")[0])
    print([str(w.message) for w in caught if "exists already" in str(w.message)])
    from paddleseg.core import train
    print("monitor" in train.__code__.co_filename)
"""
OFF, ON = "False False paddleseg\n[]\nFalse\n", "True True paddleseg\n[]\nTrue\n"


class Environment:
    """A virtual environment that borrows the packages of this one, and a script in a folder of its own."""

    def __init__(self, folder):
        venv.create(folder / "venv", with_pip=False)
        programs = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        self.python = folder / "venv" / programs
        self.packages = Path(self.run("-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])").stdout.strip())
        self.script = folder / "clone" / "tools" / "train.py"
        self.script.parent.mkdir(parents=True)
        self.script.write_text(textwrap.dedent(SCRIPT))
        self.borrow(HOME)

    def borrow(self, *paths):
        (self.packages / "borrowed.pth").write_text("\n".join([*paths, sysconfig.get_paths()["purelib"]]))

    def run(self, *arguments):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        command = [self.python, "-W", "ignore", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean, cwd=self.python.parent)

    def train(self):
        return self.run(self.script)

    def files(self):
        """What Python finds as it starts, but for bytecode."""
        return {path: path.read_bytes() for path in self.packages.rglob("*") if path.suffix in (".py", ".pth")}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("environment"))


@PADDLESEG
def test_off_on_and_off_again(environment):
    before = environment.files()
    assert environment.train().stdout == OFF
    done = environment.run("-m", "paddleseg_losses", "enable")
    assert done.returncode == 0, done.stderr
    assert str(environment.packages / HOOK) in done.stdout
    assert str(environment.packages / PTH) in done.stdout
    assert "paddleseg-losses disable" in done.stdout
    done = environment.train()
    assert (done.stdout, done.returncode) == (ON, 0)
    done = environment.run("-m", "paddleseg_losses", "disable")
    assert done.returncode == 0
    assert environment.files() == before  # with which it was off


@pytest.fixture
def enabled(environment):
    enabling.enable(environment.packages)
    yield environment
    environment.borrow(HOME)
    enabling.disable(environment.packages)


@PADDLESEG
def test_without_the_package_paddleseg_starts_as_ever(enabled, tmp_path):
    package = tmp_path / "paddleseg_losses"
    package.mkdir()
    (package / "__init__.py").write_text("def broken(:\n")
    enabled.borrow(str(tmp_path))
    done = enabled.train()
    assert (done.returncode, done.stdout) == (0, OFF)
    assert "paddleseg_losses is enabled but its losses are not registered (SyntaxError" in done.stderr
    assert "paddleseg-losses disable" in done.stderr
    (package / "__init__.py").write_text("raise RuntimeError('half installed')\n")
    (tmp_path / "paddleseg").mkdir()
    (tmp_path / "paddleseg" / "__init__.py").touch()  # whichever PaddleSeg it is
    assert "(RuntimeError: half installed)" in enabled.run("-c", "import paddleseg").stderr


AFTER = """
    import importlib.util, sys
    found = [importlib.util.find_spec("paddleseg") for _ in range(3)]  # looked up again and again
    sys.modules["paddle"] = None
    try:
        import paddleseg.cvlibs
    except ImportError:
        pass
    else:
        raise SystemExit("it was found")
    for name in [name for name in sys.modules if name.split(".")[0] in ("paddle", "paddleseg")]:
        del sys.modules[name]
    # After an import that failed, looked up first
    assert importlib.util.find_spec("paddleseg") and importlib.util.find_spec("paddleseg.cvlibs")
"""


@PADDLESEG
def test_it_is_not_bypassed(enabled, tmp_path):
    """Whatever came before: each of these steps alone would hide the import from a hook that is careless of it."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(AFTER) + textwrap.dedent(SCRIPT))
    done = enabled.run(script)
    assert (done.stdout, done.returncode) == (ON, 0), done.stderr


def test_no_other_program_notices(enabled):
    code = "import sys, json; print([n for n in sys.modules if 'paddle' in n and n != '_paddleseg_losses_enable'])"
    done = enabled.run("-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    (enabled.packages / HOOK).write_text("raise SystemError('torn')\n")
    done = enabled.run("-c", "print(1)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    (enabled.packages / HOOK).unlink()
    done = enabled.run("-c", "print(1)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_the_hook_takes_milliseconds(enabled):
    code = (
        "import importlib, sys, time; sys.modules.pop('_paddleseg_losses_enable'); before = set(sys.modules)\n"
        "start = time.perf_counter(); import _paddleseg_losses_enable; took = time.perf_counter() - start\n"
        "print(took, sorted(set(sys.modules) - before))"
    )
    times = []
    for _ in range(3):
        took, _, added = enabled.run("-c", code).stdout.strip().partition(" ")
        assert added == "['_paddleseg_losses_enable']"
        times.append(float(took))
    assert min(times) < 0.005


MEDICAL = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import nnunet
    from medicalseg.core import evaluate, train
    from medicalseg.cvlibs import manager
    table = manager.LOSSES.components_dict
    print(hasattr(table.get("TverskyLoss"), "loss_class"), hasattr(table["DiceLoss"], "loss_class"))
    print(["monitor" in each.__code__.co_filename for each in (train, nnunet.core.train)], "paddleseg" in sys.modules)
    print("map_loading" in evaluate.__code__.co_filename)
"""


def test_medicalseg_and_its_nnunet_are_known_too(enabled, tmp_path):
    (tmp_path / "script.py").write_text(textwrap.dedent(MEDICAL))
    done = enabled.run(tmp_path / "script.py", STAND_IN)
    assert (done.stdout, done.stderr) == ("True False\n[True, True] False\nTrue\n", "")


def test_the_nnunet_of_others_is_left_alone(enabled, tmp_path):
    (tmp_path / "nnunet").mkdir()
    (tmp_path / "nnunet" / "__init__.py").write_text("")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import nnunet; print([n for n in sys.modules if 'paddle' in n])"
    )
    done = enabled.run("-c", code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['_paddleseg_losses_enable']\n", "")


@PADDLESEG
def test_a_whole_training_sees_its_terms_once(enabled, tmp_path):
    from tests import tiny

    loss = {"type": "WeightedSumLoss", "losses": [{"type": "DiceLoss"}, {"type": "BoundaryLoss"}]}
    path = tiny.write_config(tmp_path / "config.yml", tiny.write_dataset(tmp_path / "data"), loss, iters=2)
    command = ["-m", "paddleseg_losses", "train", "--config", path, "--save_dir", tmp_path / "out", "--log_iters", "1"]
    done = enabled.run(*command, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "train.log").read_text().count("terms:") == 2


BROKEN = """
    import sys
    from paddleseg.core import evaluate, train
    from paddleseg.cvlibs import Config, SegBuilder, manager

    @manager.TRANSFORMS.add_component
    class Broken:
        def __call__(self, data):
            raise ZeroDivisionError("of the transform")

    made = SegBuilder(Config(sys.argv[1]))
    for work in (
        lambda: train(made.model, made.train_dataset, optimizer=made.optimizer, iters=2, losses=made.loss),
        lambda: evaluate(made.model, made.val_dataset, num_workers=0),
    ):
        try:
            work()
        except Exception as error:
            print("ended:", error)
"""


@PADDLESEG
def test_what_a_loader_raises_ends_a_plain_script(enabled, tmp_path):
    """With no worker processes Paddle would wait for the thread that has ended, in the training and in `val.py`."""
    from tests import tiny

    config = tiny.config(tiny.write_dataset(tmp_path / "data"), {"type": "ComboLoss"})
    for part in ("train_dataset", "val_dataset"):
        config[part]["transforms"].append({"type": "Broken"})
    (tmp_path / "script.py").write_text(textwrap.dedent(BROKEN))
    done = enabled.run(tmp_path / "script.py", tiny.write(tmp_path / "config.yml", config))
    assert done.returncode == 0, done.stderr
    ends = [line for line in done.stdout.splitlines() if line.startswith("ended:")]
    assert len(ends) == 2, done.stdout
    for end, images in zip(ends, (r"image[0-3]\.png", r"image[45]\.png")):
        assert re.search(images + ".* cannot be loaded: ZeroDivisionError: of the transform", end)


@PADDLESEG
@pytest.mark.slow
def test_a_launched_script_knows_them_too(enabled, tmp_path):
    launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", "1", "--log_dir", tmp_path / "log"]
    done = enabled.run(*launch, enabled.script)
    assert done.returncode == 0, done.stdout + done.stderr
    logs = "".join(file.read_text(errors="replace") for file in (tmp_path / "log").glob("workerlog.*"))
    assert ON.splitlines()[0] in logs + done.stdout
