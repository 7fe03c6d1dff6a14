"""Fixtures for all tests."""

import gc
import sys
import warnings

import pytest

import paddleseg_losses  # noqa: F401  (before scipy: see the package's __init__)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected lives to the end: to search it for garbage takes seconds."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def short_traces(monkeypatch):
    """Paddle notes where each operator of a static graph was called from, which takes long below so deep a stack."""
    monkeypatch.setattr(sys, "tracebacklimit", 2, raising=False)


@pytest.fixture
def losses_table():
    """PaddleSeg's table of losses without ours; it and that of the transforms are put back as they were afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # compiling PaddleSeg's newest code warns
        manager = pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed").manager
    tables = [manager.LOSSES.components_dict, manager.TRANSFORMS.components_dict]
    before = [dict(table) for table in tables]
    for table in tables:  # another test of this process may have registered them
        for name in [n for n, cls in table.items() if cls.__module__.partition(".")[0] == "paddleseg_losses"]:
            del table[name]
    yield tables[0]
    for table, content in zip(tables, before):
        table.clear()
        table.update(content)


@pytest.fixture
def quick_end(monkeypatch, losses_table):
    """PaddleSeg sleeps a second and counts operations after each training."""
    import paddle

    from paddleseg_losses.paddleseg.shims import module

    class Clock:
        time = staticmethod(module("core.train").time.time)

        @staticmethod
        def sleep(seconds):
            pass

    monkeypatch.setattr(module("core.train"), "time", Clock)
    monkeypatch.setattr(paddle, "flops", lambda *args, **kwargs: 0)
