"""Fixtures of the tests that need PaddleSeg."""

import contextlib
import importlib
import warnings

import pytest

from tests import tiny

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
