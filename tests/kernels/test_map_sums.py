"""What kernels of whole maps share: slopes only where wanted, no second derivatives, failures that are seen."""

import ctypes
from types import SimpleNamespace

import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels import (
    ball_filter,
    boundary_proximity,
    contours,
    ctypes_args,
    distance_weighted,
    erosion,
    map_sums,
    native_problem,
    signatures,
)
from tests.kernels.problems import task as problem_of

pytestmark = pytest.mark.usefixtures("native")

KERNELS = {
    "erosion": lambda task: erosion.erosion_sums(task, 0, [1.0, 4.0]),
    "ball_filter": lambda task: ball_filter.ball_filter_sums(task, 0, [1.0, 2.0], [1.0, 4.0]),
    "hausdorff": lambda task: distance_weighted.hausdorff_sums(task, 0, None, 2.0, False),
    "boundary": lambda task: distance_weighted.boundary_sums(task, 0, None),
}


def _task():
    paddle.seed(0)
    p = paddle.nn.functional.softmax(paddle.rand([2, 3, 7, 9]) * 4, axis=1).detach()
    p.stop_gradient = False
    return problem_of(p, paddle.randint(0, 3, [2, 1, 7, 9]), False)


@pytest.mark.parametrize("sums", KERNELS.values(), ids=KERNELS)
def test_second_derivatives_are_refused(sums):
    task = _task()
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad(sums(task).sum(), task.scores, create_graph=True)


@pytest.mark.parametrize("sums", KERNELS.values(), ids=KERNELS)
def test_sums_without_a_gradient_are_the_same(sums):
    task = _task()
    expected = sums(task).numpy()
    with paddle.no_grad():
        assert (sums(task).numpy() == expected).all()
    assert (sums(task.with_scores(task.scores.detach())).numpy() == expected).all()


def test_a_slope_is_made_where_it_is_wanted():
    slopes, task = [], _task()

    def run(native, sums, slope):
        slopes.append(slope is not None)

    map_sums.map_sums(task, run)
    with paddle.no_grad():
        map_sums.map_sums(task, run)
    map_sums.map_sums(task.with_scores(task.scores.detach()), run)
    assert slopes == [True, False, False]


def test_a_backward_pass_that_runs_out_of_memory_says_so(monkeypatch):
    total, whole = KERNELS["erosion"](_task()).sum(), kernels.library()
    failing = ctypes.CFUNCTYPE(ctypes.c_int, *signatures.functions()["map_sums_backward"][1])(lambda *arguments: 1)

    class Library:
        map_sums_backward = failing

        def __getattr__(self, name):
            return getattr(whole, name)

    Library.map_sums_backward.__name__ = "map_sums_backward"
    monkeypatch.setattr(native_problem, "library", Library)
    native_problem.function.cache_clear()
    try:
        with pytest.raises(OSError, match="no memory left"):  # how Paddle wraps it
            total.backward()
    finally:
        native_problem.function.cache_clear()


@pytest.mark.parametrize(
    ("space", "numbered", "text"),
    [
        ([], False, "1 to 3 axes"),
        ([2, 2, 2, 2], False, "1 to 3 axes"),
        ([4, 0], False, "empty images"),
        ([2**30], False, "along each"),
        ([2**15, 2**15], True, "at most 1073741823 pixels"),
    ],
)
def test_images_that_native_code_cannot_count_are_refused(space, numbered, text):
    with pytest.raises(KernelError, match=text):
        ctypes_args.grid(space, numbered)
    assert ctypes_args.grid([2**15, 2**15])[0] == 2


@pytest.mark.parametrize(
    "sums",
    [
        KERNELS["erosion"],
        KERNELS["ball_filter"],
        contours.boundary_counts,
        lambda task: contours.contour_errors(task, None),
        lambda task: boundary_proximity.region_proximity(task, True, None),
    ],
    ids=["erosion", "ball_filter", "boundary_counts", "contour_errors", "proximity"],
)
def test_kernels_that_number_pixels_refuse_more_than_they_can(sums):
    vast = SimpleNamespace(shape=[1, 1, 2**15, 2**15], stop_gradient=True)  # its size is looked at before anything else
    with pytest.raises(KernelError, match="at most 1073741823 pixels"):
        sums(problem_of(vast, paddle.zeros([1, 1, 1, 1], "int64"), False))
