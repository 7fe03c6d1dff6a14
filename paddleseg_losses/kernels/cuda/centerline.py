"""Sums over soft skeletons of prediction and truth, by `source/centerline.cu`."""

from __future__ import annotations

import ctypes
from typing import Any

import paddle
import paddle.nn.functional as F

from ...differentiable import Differentiable
from ...problem import Problem
from ..centerline import checked_iterations
from ..native_problem import refuse_second_derivatives
from ..unfilled import unfilled
from .cuda_problem import CudaProblem
from .device import launch
from .maps import THREADS, Maps, blocks, maps_of, volume, with_floats
from .tiling import add_up

Tensor = Any

TILE = 4 * THREADS  # pixels of a block; the kernel has the same number
ROOM = 4  # maps of floats, for each map of a problem, that the backward pass takes for a while


class Image(ctypes.Structure):
    """Sizes of an image."""

    _fields_ = tuple((name, ctypes.c_int32) for name in ("depth", "height", "width"))


def centerline_sums(problem: Problem, skip: int, iterations: int) -> Tensor:
    """The same as the native one."""
    problem = with_floats(problem)
    return _Centerline.apply(problem.scores, problem, skip, checked_iterations(iterations))


class _Centerline(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, problem: Problem, skip: int, iterations: int) -> Tensor:
        here = CudaProblem(problem)
        maps, image, kept = maps_of(here, skip), Image(*volume(problem.space)), here.n * (here.c - skip)
        lines = _true_lines(maps, image, here, iterations)
        x = unfilled([kept, here.s], "float32")
        launch("skeleton_start", kept * blocks(here.s), THREADS, 0, maps, here.scores, 0, x)
        skeleton = _skeleton(image, x, iterations)
        tiles = blocks(here.s, TILE)
        parts = unfilled([kept, tiles, 4], "float32")
        launch("centerline_sums", kept * tiles, THREADS, 0, maps, here.scores, lines, 0, skeleton, parts)
        here.save(ctx)
        ctx.kept = skip, iterations, lines
        sums = add_up(parts).reshape([here.n, here.c - skip, 4])
        return F.pad(sums, [0, 0, skip, 0, 0, 0]) if skip else sums

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        here, (skip, iterations, lines) = CudaProblem.saved(ctx), ctx.kept
        maps, image = maps_of(here, skip), Image(*volume(here.problem.space))
        upstream, count = gradient.contiguous(), here.n * (here.c - skip)
        grad = (paddle.zeros if skip else unfilled)(here.scores.shape, "float32")
        together = max(1, ROOM * count // (2 * iterations + 6))  # maps whose steps are in memory at once
        for first in range(0, count, together):
            few = min(together, count - first)
            grid, shape = few * blocks(here.s), [few, here.s]
            x, of_skeleton = unfilled(shape, "float32"), unfilled(shape, "float32")
            launch("skeleton_start", grid, THREADS, 0, maps, here.scores, first, x)
            launch("centerline_upstream", grid, THREADS, 0, maps, upstream, first, of_skeleton)
            of_start = _skeleton_backward(image, x, iterations, of_skeleton)
            launch("centerline_gradient", grid, THREADS, 0, maps, upstream, lines, first, of_start, grad)
        return grad


def _true_lines(maps: Maps, image: Image, here: CudaProblem, iterations: int) -> Tensor:
    """Whether a pixel lies on the skeleton of its true region, uint8 `[planes, S]`."""
    regions, eroded = (unfilled([here.planes, here.s], "int16") for _ in range(2))
    lines, grid = unfilled([here.planes, here.s], "uint8"), here.planes * blocks(here.s)
    launch("lines_start", grid, THREADS, 0, maps, regions, lines)
    for _step in range(iterations + 1):
        launch("lines_erode", grid, THREADS, 0, image, regions, eroded)
        launch("lines_mark", grid, THREADS, 0, image, regions, eroded, lines)
        regions, eroded = eroded, regions
    return lines


def _skeleton(image: Image, x: Tensor, iterations: int) -> Tensor:
    """S of maps `[maps, S]`, which are overwritten."""
    grid, eroded, skeleton = x.shape[0] * blocks(x.shape[1]), unfilled(x.shape, x.dtype), unfilled(x.shape, x.dtype)
    for step in range(iterations + 1):
        launch("skeleton_erode", grid, THREADS, 0, image, x, eroded)
        launch("skeleton_grow", grid, THREADS, 0, image, x, eroded, skeleton if step else None, skeleton)
        x, eroded = eroded, x
    return skeleton


def _skeleton_backward(image: Image, start: Tensor, iterations: int, of_skeleton: Tensor) -> Tensor:
    """The gradient of maps from that of their S, which is overwritten."""
    grid = start.shape[0] * blocks(start.shape[1])
    x, skeletons = [start], [None]
    for _step in range(iterations + 1):
        x.append(unfilled(start.shape, start.dtype))
        launch("skeleton_erode", grid, THREADS, 0, image, x[-2], x[-1])
    for step in range(iterations):
        skeletons.append(unfilled(start.shape, start.dtype))
        launch("skeleton_grow", grid, THREADS, 0, image, x[step], x[step + 1], skeletons[step], skeletons[step + 1])
    of_x, of_eroded, of_ridge = None, unfilled(start.shape, start.dtype), unfilled(start.shape, start.dtype)
    for step in range(iterations, -1, -1):
        eroded = x.pop()
        launch("skeleton_shrink", grid, THREADS, 0, image, x[step], eroded, skeletons.pop(), of_skeleton, of_ridge)
        launch("skeleton_dilate_backward", grid, THREADS, 0, image, eroded, of_ridge, of_x, of_eroded)
        of_x = unfilled(start.shape, start.dtype) if of_x is None else of_x
        launch("skeleton_erode_backward", grid, THREADS, 0, image, x[step], of_eroded, of_ridge, of_x)
    return of_x
