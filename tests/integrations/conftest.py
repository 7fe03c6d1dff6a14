"""Fixtures of the tests that need PaddleSeg."""

import pytest

import tiny


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    pytest.importorskip("cv2", reason="PaddleSeg is not installed")
    return tiny.write_dataset(tmp_path_factory.mktemp("tiny") / "three")


@pytest.fixture(scope="session")
def binary_dataset(tmp_path_factory):
    pytest.importorskip("cv2", reason="PaddleSeg is not installed")
    return tiny.write_dataset(tmp_path_factory.mktemp("tiny") / "one", classes=1)


@pytest.fixture
def losses_table():
    """PaddleSeg's table of losses, put back as it was afterwards."""
    manager = pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed").manager
    table = manager.LOSSES.components_dict
    before = dict(table)
    yield table
    table.clear()
    table.update(before)


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
