"""Whether kernels are used: without a driver, on an old card, on one that errs, while a graph is recorded."""

import ctypes
import warnings

import numpy as np
import paddle
import pytest

from paddleseg_losses import DiceLoss, errors, kernels
from paddleseg_losses.kernels.cuda import device, driver, self_test
from tests.kernels.cuda import fake

Z = np.random.default_rng(0).normal(size=(2, 3, 7, 5)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, (2, 7, 5))


def _value(loss=None):
    return float((loss or DiceLoss())(paddle.to_tensor(Z), paddle.to_tensor(Y)))


@pytest.fixture
def platform(shim):
    """A card on which all tensors lie, to be damaged."""
    made = fake.FakePlatform(fake.FakeDriver(shim))
    with kernels.use_kernels("auto"), device.using(made):
        yield made


def _assert_composed(platform, match):
    """Once with a warning that says why, then without."""
    with kernels.use_kernels("composed"):
        expected = _value()
    with pytest.warns(UserWarning, match=match):
        first = _value()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _value() == first == expected
    assert "softmax_gradient_f32" not in platform.driver().names
    assert str(device.status())
    assert kernels.status()["gpu"] == "composed"


def test_kernels_are_tried_once_and_used(platform):
    value = _value()
    tried = platform.driver().names
    sums = {f"{way}_sums_{scalar}" for way in ("kept", "softmax", "sigmoid") for scalar in ("f32", "f16", "bf16")}
    gradients = {f"{way}_gradient_f32" for way in ("kept", "softmax", "sigmoid")}
    assert {"sum_parts", "labels_compact", *sums, *gradients} <= set(tried)
    platform.driver().launches.clear()
    assert _value() == value
    assert platform.driver().names == ["labels_compact", "kept_sums_f32", "sum_parts"]
    assert kernels.status()["gpu"] == "cuda"


def test_the_doctor_tries_the_cards(platform, monkeypatch):
    assert "first used" in str(kernels.status()["gpu_kernels"])
    assert "GPU 0" in str(kernels.status(try_gpus=True)["gpu_kernels"])
    platform.verdicts.clear()
    monkeypatch.setattr(platform.driver(), "capability", lambda index: (5, 2))
    status = kernels.status(try_gpus=True)
    assert status["gpu"] == "composed"
    assert "5.2" in str(status["gpu_kernels"])


def test_the_doctor_tries_a_card_while_it_is_the_current_one(platform, monkeypatch):
    """The kernels' results are made on the current one: on another they would be tensors on several devices."""
    seen = []
    monkeypatch.setattr(platform, "count", lambda: 2)
    monkeypatch.setattr(device, "why_not", lambda index: seen.append((index, platform.current())))
    kernels.status(try_gpus=True)
    assert seen == [(0, 0), (1, 1)]
    assert platform.current() == 0


def test_another_card_is_current_for_a_while(monkeypatch):
    chosen = ["gpu:0"]
    monkeypatch.setattr(paddle.device, "get_device", lambda: chosen[-1])
    monkeypatch.setattr(paddle.device, "set_device", chosen.append)
    made = device.Platform()
    with made.on(1):
        assert made.current() == 1
    assert made.current() == 0


def test_every_module_is_tried():
    """A kernel that no check launches could be wrong on a card."""
    assert {path.stem for path in fake.compiling.sources()} <= set(self_test.CHECKS)


def test_without_a_driver(platform, monkeypatch):
    monkeypatch.setattr(platform, "missing", lambda: "no driver: it is not there")
    _assert_composed(platform, "no kernels on GPU 0: no driver: it is not there.*PADDLESEG_LOSSES_KERNELS=composed")


def test_an_old_card(platform, monkeypatch):
    monkeypatch.setattr(platform.driver(), "capability", lambda index: (5, 2))
    _assert_composed(platform, r"compute capability is 5\.2, and 6\.0 is needed")


def test_a_card_that_computes_wrongly(platform, monkeypatch):
    monkeypatch.setitem(self_test.CHECKS, "sums", lambda place: iter([(paddle.ones([2]), np.array([1.0, 1.1]))]))
    _assert_composed(platform, "its kernels 'sums' are off by 9.1e-02")


def test_a_card_that_computes_nan(platform, monkeypatch):
    monkeypatch.setitem(self_test.CHECKS, "sums", lambda place: iter([(paddle.full([2], np.nan), np.ones(2))]))
    _assert_composed(platform, "are off by nan")


def test_a_driver_that_refuses_the_text(platform, monkeypatch):
    def refuse(*_):
        raise driver.DriverError("cuModuleLoadData: the provided PTX was compiled with an unsupported toolchain. (222)")

    monkeypatch.setattr(platform.driver(), "launch", refuse)
    _assert_composed(platform, "cuModuleLoadData: the provided PTX was compiled with an unsupported toolchain")


@pytest.mark.parametrize("kind", [RuntimeError, OSError, ValueError, NotImplementedError, AttributeError])
def test_a_trial_that_paddle_cannot_make(platform, monkeypatch, kind):
    """A loss has to go on where an operator of the trial is missing."""

    def fail(place):
        raise kind("C++ Traceback\n----\n(NotFound) there is no such operator")

    monkeypatch.setitem(self_test.CHECKS, "sums", fail)
    _assert_composed(platform, r"no kernels on GPU 0: \(NotFound\) there is no such operator")


def test_a_trial_without_memory_is_repeated(platform, monkeypatch):
    def fail(place):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setitem(self_test.CHECKS, "sums", fail)
        with pytest.raises(MemoryError):
            _value()
    assert _value() > 0
    assert platform.verdicts == {0: None}


def test_a_launch_that_fails_later_is_an_error(platform, monkeypatch):
    """Not composed in silence: a card with an error has lost what ran on it."""
    _value()

    def fail(*_):
        raise driver.DriverError("cuLaunchKernel: an illegal memory access was encountered (700)")

    monkeypatch.setattr(platform.driver(), "launch", fail)
    with pytest.raises(errors.KernelError, match=r"illegal memory access.*\n.*\n.*PADDLESEG_LOSSES_KERNELS=composed"):
        _value()


def test_nothing_is_tried_while_a_graph_is_recorded(platform):
    """The first call of all is then composed, and a later one tries."""
    platform.driver().capturing = True
    loss = DiceLoss(checks="never")
    value = _value(loss)
    assert platform.driver().launches == []
    platform.driver().capturing = False
    assert _value(loss) == pytest.approx(value, rel=1e-6)
    assert platform.driver().launches
    platform.driver().capturing = True  # what has been tried is used
    platform.driver().launches.clear()
    _value(loss)
    assert platform.driver().names == ["labels_compact", "kept_sums_f32", "sum_parts"]


def test_a_stream_that_cannot_be_asked_is_taken_for_recorded(platform, monkeypatch):
    def refuse(*_):
        raise driver.DriverError(
            "cuStreamIsCapturing: operation would make the legacy stream depend on a capture (906)"
        )

    monkeypatch.setattr(platform.driver(), "is_capturing", refuse)
    _value()
    assert platform.driver().launches == []


def test_tensors_on_another_device_than_the_current_one_are_composed(platform):
    """New tensors would be made where the kernels cannot read them."""
    platform.current_index = 1
    _value()
    assert platform.driver().launches == []


def test_tensors_on_several_devices_reach_no_kernel(card, monkeypatch):
    x, y = paddle.zeros([4]), paddle.ones([4])
    monkeypatch.setattr(device._platform, "index", lambda tensor: 0 if tensor is x else 1)
    card.launches.clear()
    with pytest.raises(errors.KernelError, match="on several devices"):
        device.launch("sum_parts", 4, 128, 0, x, y, 1, 4)
    assert card.launches == []


def test_this_paddle_has_no_cuda():
    if paddle.is_compiled_with_cuda():
        pytest.skip("it has")
    assert "without CUDA" in str(device.Platform().missing())
    assert kernels.status()["gpu"] == "composed"


def test_without_a_library_there_is_no_driver(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: True)
    monkeypatch.setattr(paddle, "is_compiled_with_rocm", lambda: False)
    assert "cannot open shared object file" in str(device.Platform().missing())


class _Library:
    """A driver's functions, which note how they are called."""

    def __init__(self, failing=None):
        self.calls, self.failing = [], failing

    def __getattr__(self, name):
        def function(*arguments):
            self.calls.append((name, arguments))
            if name == "cuGetErrorString":
                arguments[1]._obj.value = b"out of luck"
                return 0
            return 1 if name == self.failing else 0

        return function


def _driver(monkeypatch, failing=None):
    library = _Library(failing)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    return driver.Driver(), library


def test_the_driver_is_called_in_order(monkeypatch):
    made, library = _driver(monkeypatch)
    kernel = fake.ptx_text.kernels()["sum_parts"]
    for _ in range(2):
        made.launch(kernel, (3, 2, 1), (128, 1, 1), 64, kernel.pack((1, 2, 3, 4)), 1, 99)
    names = [name for name, _ in library.calls]
    first = ["cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent_v2", "cuModuleLoadData"]
    launch = ["cuLaunchKernel", "cuCtxPopCurrent_v2"]
    assert names == [*first, "cuModuleGetFunction", *launch, "cuCtxPushCurrent_v2", *launch]
    text = next(arguments[1] for name, arguments in library.calls if name == "cuModuleLoadData")
    assert text.endswith(b"\0")
    assert b".entry sum_parts(" in text
    arguments = next(arguments for name, arguments in library.calls if name == "cuLaunchKernel")
    assert arguments[1:8] == (3, 2, 1, 128, 1, 1, 64)
    assert arguments[8].value == 99
    values = [ctypes.c_int64.from_address(place).value for place in arguments[9]]
    assert len(values) == 4


def test_what_the_driver_says_is_passed_on(monkeypatch):
    made, library = _driver(monkeypatch, failing="cuLaunchKernel")
    kernel = fake.ptx_text.kernels()["sum_parts"]
    with pytest.raises(driver.DriverError, match=r"cuLaunchKernel: out of luck \(1\)"):
        made.launch(kernel, (1, 1, 1), (128, 1, 1), 0, kernel.pack((1, 2, 3, 4)), 0, 0)
    assert library.calls[-2][0] == "cuCtxPopCurrent_v2" or library.calls[-1][0] == "cuCtxPopCurrent_v2"


def test_a_grid_that_no_card_has_is_refused(card):
    x = paddle.zeros([1])
    for grid, block, shared in ((0, 128, 0), (1, 2048, 0), (1, 128, 1 << 20), ((1, 70000), 128, 0)):
        with pytest.raises(ValueError, match="sum_parts: a"):
            device.launch("sum_parts", grid, block, shared, x, x, 1, 1)
