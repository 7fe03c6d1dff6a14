"""Fixtures of the tests that need PaddleSeg."""

import contextlib
import importlib
import os
import shutil
import sys
import warnings
from pathlib import Path

import pytest

from tests import tiny

collect_ignore = ["stand_ins"]  # programs of their own
STAND_IN = Path(__file__).parent / "stand_ins" / "medicalseg_folder"
CLONE = os.environ.get("MEDICALSEG_CLONE")

with warnings.catch_warnings(), contextlib.suppress(ImportError):
    warnings.simplefilter("ignore")  # compiling PaddleSeg's newest code warns
    importlib.import_module("paddleseg.cvlibs")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    pytest.importorskip("cv2", reason="PaddleSeg is not installed")
    return tiny.write_dataset(tmp_path_factory.mktemp("tiny") / "three")


@pytest.fixture(scope="session")
def four_classes(tmp_path_factory):
    pytest.importorskip("cv2", reason="PaddleSeg is not installed")
    return tiny.write_dataset(tmp_path_factory.mktemp("tiny") / "four", classes=4)


@pytest.fixture(params=["stand-in", "clone"] if CLONE else ["stand-in"])
def medicalseg_folder(request, monkeypatch):
    """The folder of MedicalSeg as the working folder: what stands for it, and the real one where it is named."""
    folder = STAND_IN if request.param == "stand-in" else Path(CLONE)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(folder)
    before = set(sys.modules)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield folder
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("medicalseg", "nnunet", "tools"):
            del sys.modules[name]


@pytest.fixture
def volumes(tmp_path):
    """Three volumes of a ball in a ball, in MedicalSeg's layout; each has voxels of its own size."""
    from tests import tiny

    return tiny.write_volumes(tmp_path / "volumes")


@pytest.fixture(scope="session")
def started(dataset, tmp_path_factory):
    """The configuration of a training, the folder that it left behind undisturbed, and its flags."""
    import paddle
    from paddleseg.cvlibs import manager

    from paddleseg_losses.paddleseg.trainer import train
    from tests.paddleseg.undisturbed import FLAGS, Dropping, configuration

    manager.MODELS.components_dict["Dropping"] = Dropping
    folder = tmp_path_factory.mktemp("undisturbed")
    path, flags = configuration(folder, dataset), {**FLAGS, "do_eval": True, "use_ema": True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paddle, "flops", lambda *args, **kwargs: 0)
        train(path, save_dir=str(folder / "whole"), display=tiny.recorder(), **flags)
    yield path, folder / "whole", flags
    del manager.MODELS.components_dict["Dropping"]


@pytest.fixture
def copy(started, tmp_path):
    """The folder of that training, to be damaged."""
    shutil.copytree(started[1], tmp_path / "copy")
    return tmp_path / "copy"
