"""Fixtures of the tests that need PaddleSeg."""

import contextlib
import importlib
import warnings

import pytest

import tiny

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


@pytest.fixture
def losses_table():
    """PaddleSeg's table of losses; it and that of the transforms are put back as they were afterwards."""
    manager = pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed").manager
    tables = [manager.LOSSES.components_dict, manager.TRANSFORMS.components_dict]
    before = [dict(table) for table in tables]
    yield tables[0]
    for table, content in zip(tables, before):
        table.clear()
        table.update(content)


@pytest.fixture
def quick_end(monkeypatch, losses_table):
    """PaddleSeg sleeps a second and counts operations after each training."""
    import paddle

    from paddleseg_losses.integrations.shims import module

    class Clock:
        time = staticmethod(module("core.train").time.time)

        @staticmethod
        def sleep(seconds):
            pass

    monkeypatch.setattr(module("core.train"), "time", Clock)
    monkeypatch.setattr(paddle, "flops", lambda *args, **kwargs: 0)
