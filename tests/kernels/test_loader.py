"""The choice between native and composed: what it says, and what it does without a library."""

import os
import subprocess
import sys
import textwrap
import types
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddleseg_losses import DiceCELoss, errors, kernels
from paddleseg_losses.kernels import backend, loader
from paddleseg_losses.kernels.probabilities import probabilities
from paddleseg_losses.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
Z = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, 3, 7, 5)).astype("float32"))
Y = paddle.to_tensor(np.random.default_rng(1).integers(0, 3, (2, 7, 5)))


@pytest.fixture
def missing(monkeypatch):
    """As if the library had not been built."""
    monkeypatch.setattr(loader, "_load", lambda: (None, "not built: no C++ compiler was found"))
    loader._warn.cache_clear()
    yield
    loader._warn.cache_clear()


def test_without_a_library_it_warns_once_and_works(missing):
    expected = float(DiceCELoss()(Z.astype("float64"), Y))
    with pytest.warns(UserWarning, match="native kernels are not built.*PADDLESEG_LOSSES_KERNELS=composed"):
        first = float(DiceCELoss()(Z, Y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second = float(DiceCELoss()(Z, Y))
        with kernels.use_kernels("composed"):
            third = float(DiceCELoss()(Z, Y))
    assert first == second == third == pytest.approx(expected, rel=1e-6)
    assert kernels.status()["active"] == "composed"


def test_native_is_demanded_and_missing(missing):
    with kernels.use_kernels("native"), pytest.raises(errors.KernelError, match="install one"):
        DiceCELoss()(Z, Y)


def test_an_unknown_mode_is_refused(monkeypatch):
    monkeypatch.setenv("PADDLESEG_LOSSES_KERNELS", "fast")
    with pytest.raises(errors.KernelError, match="one of auto, native, composed"):
        DiceCELoss()(Z, Y)


def test_where_kernels_apply():
    problem = Problem(Z, Y.unsqueeze(1), "multiclass")
    with kernels.use_kernels("composed"):
        assert kernels.find("probabilities", problem) is None
    if kernels.status()["active"] == "native":
        assert kernels.find("probabilities", problem) is probabilities
    assert kernels.find("probabilities", problem.with_scores(Z.astype("float64"))) is None
    assert kernels.find("probabilities", replace(problem, from_logits=False)) is None
    assert kernels.find("no such operation", problem) is None


def test_a_second_backend_serves_the_operations_that_it_has(monkeypatch):
    """One line in the table: it is asked first where it supports the problem, for what it has and nothing else."""
    module = types.ModuleType("paddleseg_losses.kernels.pretended")
    module.probabilities = lambda problem: paddle.full(problem.scores.shape, 0.25)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    pretended = kernels.Backend("pretended", lambda problem: problem.multiclass, {"probabilities": "pretended"})
    expected = float(DiceCELoss()(Z, Y))
    monkeypatch.setattr(backend, "BACKENDS", (pretended, *kernels.BACKENDS))
    inputs = DiceCELoss().prepare(Z, Y)
    assert (inputs.prob.numpy() == 0.25).all()
    if kernels.status()["active"] == "native":  # whose sums read no probabilities
        assert float(DiceCELoss()(Z, Y)) == expected
    binary = DiceCELoss().prepare(Z[:, :1], (Y > 0).astype("int64"))
    assert binary.prob.numpy().std() > 0


def test_threads(monkeypatch):
    monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", "3")
    assert kernels.threads(1 << 20) == 3
    assert kernels.threads(10) == 1
    monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", "many")
    assert kernels.threads(1 << 20) == len(os.sched_getaffinity(0))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_computes_too():
    """As in a data loader's worker, after the parent has used its threads."""
    program = """
        import warnings; warnings.simplefilter("ignore")
        import os, paddleseg_losses, paddle
        z, y = paddle.randn([2, 3, 300, 300]), paddle.randint(0, 3, [2, 300, 300])
        before = float(paddleseg_losses.DiceCELoss()(z, y))
        child = os.fork()
        after = float(paddleseg_losses.DiceCELoss()(z, y))
        if child == 0:
            os._exit(0 if after == before else 3)
        assert after == before
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_without_a_compiler_the_build_goes_on(tmp_path):
    environment = {**os.environ, "CC": "/bin/false", "CXX": "/bin/false"}
    command = [
        sys.executable,
        "setup.py",
        "build_ext",
        "--build-lib",
        str(tmp_path),
        "--build-temp",
        str(tmp_path / "t"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    assert "_native" in done.stdout + done.stderr  # the failure is said
    assert not list(tmp_path.rglob("_native*.so"))
