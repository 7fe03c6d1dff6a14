"""Losses that are to tell of a kernel run it."""

import re

import numpy as np
import paddle
import pytest

from benchmarks.__main__ import main
from benchmarks.cases import EDT
from benchmarks.kernels import KERNELS
from paddleseg_losses import kernels, registry
from paddleseg_losses.functional.edt import boundary_distance
from paddleseg_losses.kernels import native_problem
from tests.unit.test_rooms import NATIVE, STEMS

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in NATIVE.rglob("*.cpp")}


@pytest.fixture
def called(monkeypatch):
    """Names of the native functions that were called."""
    library, names = native_problem.library(), set()

    class Recorder:
        def __getattr__(self, name):
            names.add(name)
            return getattr(library, name)

    with kernels.use_kernels("native"):
        native_problem.function.cache_clear()
        monkeypatch.setattr(native_problem, "library", Recorder)
        yield names
    native_problem.function.cache_clear()


def _run(loss, soft):
    if loss == EDT:
        return boundary_distance(paddle.to_tensor(np.eye(9, dtype=bool)[None, None]))
    spec = registry.get(loss)
    channels = 1 if "multiclass" not in spec.modes else 2
    logits = paddle.to_tensor(np.random.default_rng(0).normal(size=(1, channels, 9, 8)), "float32", stop_gradient=False)
    labels = paddle.to_tensor(np.eye(9, 8, dtype="int64")[None])
    if soft:
        labels = paddle.nn.functional.one_hot(labels, channels).transpose([0, 3, 1, 2])
    spec.cls(mode="multiclass" if soft else None, **spec.example)(logits, labels).backward()
    return logits.grad


@pytest.mark.parametrize(("stem", "loss"), [(stem, loss) for stem in STEMS for loss in KERNELS[stem]])
def test_a_loss_runs_the_kernel_that_it_tells_of(stem, loss, called):
    _run(loss, soft=stem == "soft_targets")
    assert set(re.findall(r"^EXPORT [^(]*?(\w+)\(", SOURCES[f"{stem}.cpp"], re.M)) & called


def test_a_run_can_be_cut_to_the_losses_of_a_kernel(monkeypatch):
    from click.testing import CliRunner

    from benchmarks import parts

    seen = []
    monkeypatch.setattr(parts, "accuracy", lambda losses, *rest: seen.extend(losses) or [])
    done = CliRunner().invoke(main, ["--kernels", "window,edt", "--parts", "accuracy", "--peers", "ours"])
    assert seen == [EDT, *(name for name in registry.names() if name in KERNELS["window"] + KERNELS["edt"])], (
        done.output
    )
    for arguments in (["--kernels", "windows"], ["--kernels", "window", "--losses", "DiceLoss"], ["--losses", ""]):
        assert CliRunner().invoke(main, [*arguments, "--parts", "accuracy", "--peers", "ours"]).exit_code == 2
