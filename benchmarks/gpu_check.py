"""The kernels for CUDA on a real card: are they right, and how fast?

    python benchmarks/gpu_check.py [--out gpu_check.json]

For a machine with torch and no Paddle: the package's own wrappers run on torch's tensors (`paddle_on_torch`), through
the same launcher. After seven minutes nothing new is begun; what there was no time for is listed as left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

from benchmarks import gpu_references as references  # noqa: E402
from benchmarks import paddle_on_torch  # noqa: E402
from benchmarks.gpu_check_maps import Maps  # noqa: E402
from benchmarks.gpu_timing import Timer, gradient, ratio  # noqa: E402

SECONDS = 240  # after which nothing new is begun
SANITIZER_SECONDS = 60  # for each tool
SANITIZERS = ("memcheck", "racecheck", "synccheck")
SHAPES = ((4, 19, 512, 512), (8, 19, 1024, 1024), (8, 2, 512, 512), (1, 150, 512, 512), (2, 4, 96, 96, 96))
SMALL = ((2, 19, 37, 41), (1, 150, 23, 29), (3, 2, 61, 83), (2, 4, 9, 11, 13), (1, 3, 1, 1))
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
DICE = [
    (0, 1, 1.0, 0.0),
    (0, 2, 1.0, 0.0),
    (1, 2, 1.0, 0.0),
]  # side, kind, exponent, clip: p, 1 - p, and p of negatives
CE = [(0, 4, 1.0, 0.0), (0, 0, 1.0, 0.0)]  # -log p, and the number of pixels
GOALS = {"sums": 0.75, "gradient": 0.70}  # of the copy speed


class Check:
    """One run on a device."""

    def __init__(self, device: str, seconds: float = SECONDS) -> None:
        from paddleseg_losses.kernels.cuda import error_sums, labels
        from paddleseg_losses.problem import Problem

        self.sums, self.labels, self.problem = error_sums, labels, Problem
        self.device, self.until, self.timer = device, time.monotonic() + seconds, Timer(device)
        self.left_out: list[str] = []

    def data(self, shape: tuple[int, ...], dtype: Any, seed: int = 0) -> tuple[Any, Any]:
        """Logits, and labels in patches as those of images are, some ignored."""
        n, c, *space = shape
        make = torch.Generator(self.device).manual_seed(seed)
        z = (torch.randn(shape, generator=make, device=self.device) * 3).to(dtype)
        few = [max(1, side // 16) for side in space]
        y = torch.randint(0, c, (n, 1, *few), generator=make, device=self.device).float()
        y = F.interpolate(y, size=space, mode="nearest")[:, 0].long()
        y[torch.rand(y.shape, generator=make, device=self.device) < 0.05] = 255
        return z.requires_grad_(), y

    def compact(self, z: Any, y: Any) -> Any:
        """The problem that a loss works on."""
        small = self.labels.compact_labels(y.unsqueeze(1), z.shape[1], 255)
        return self.problem(z, small.labels, "multiclass", small.ignore_index)

    def dice(self, z: Any, y: Any) -> Any:
        """DiceLoss."""
        tp, fn, fp = self.sums.error_sums(self.compact(z, y), DICE).unbind(-1)
        error = (fp + fn) / 2
        return (error / (tp + error + 0.5)).mean()

    def cross_entropy(self, z: Any, y: Any) -> Any:
        """CrossEntropyLoss."""
        nll, count = self.sums.error_sums(self.compact(z, y), CE).unbind(-1)
        return nll.sum() / count.sum()

    def agreement(self) -> Iterator[dict[str, Any]]:
        """Sums and gradients against float64, with weights that make every sum matter.

        Copied labels have one byte, for which kernels keep exponentials; with other labels they make them anew.
        """
        for shape in SMALL:
            for dtype in DTYPES:
                z, y = self.data(shape, dtype)
                exact = z.detach().double().requires_grad_()
                expected = references.sums(exact, y)
                make = torch.Generator(self.device).manual_seed(1)
                upstream = torch.randn(expected.shape, device=self.device, generator=make)
                (of_exact,) = torch.autograd.grad((expected * upstream.double()).sum(), exact)
                problem = self.compact(z, y)
                others = self.problem(z, problem.labels.int(), "multiclass", problem.ignore_index)
                for kernels, given in (("kept", problem), ("softmax", others)):
                    table = self.sums.error_sums(given, DICE + CE[:1])
                    (slope,) = torch.autograd.grad((table * upstream).sum(), z)
                    off = {"value": references.off(table, expected), "gradient": references.off(slope, of_exact)}
                    rounding = {torch.float32: 0.0, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}[dtype]
                    right = off["value"] <= 1e-5 and off["gradient"] <= 1e-5 + rounding
                    row = {"operation": f"{kernels} sums", "shape": list(shape), "dtype": _name(dtype)}
                    yield {**row, **off, "right": right}

    def speed(self, shape: tuple[int, ...], dtype: Any, copy: float) -> dict[str, Any]:
        """Of the kernels beside the copy, and of losses beside what torch makes of them."""
        z, y = self.data(shape, dtype)
        size = z.numel() * z.element_size()
        problem = self.compact(z, y)
        upstream = torch.ones((*shape[:2], len(DICE)), device=self.device)
        with torch.no_grad():
            here = self.sums.CudaProblem(problem)
            forward = size / self.timer.on_device(lambda: self.sums.error_sums(problem, DICE))
            gradient = 2 * size / self.timer.on_device(lambda: self.sums.gradient(here, DICE, upstream))
        steps = {
            "dice": self.dice,
            "dice, torch": references.composed_dice,
            "dice, MONAI's formula": references.monai_dice,
            "cross entropy": self.cross_entropy,
            "cross entropy, torch": lambda z, y: F.cross_entropy(z, y, ignore_index=255),
        }
        measured = {name: self.timer.step(loss, z, y, size) for name, loss in steps.items()}
        return {
            "shape": list(shape),
            "dtype": _name(dtype),
            "sums": {"gb_s": forward / 1e9, "of_copy": forward / copy},
            "gradient": {"gb_s": gradient / 1e9, "of_copy": gradient / copy},
            "losses": measured,
            "dice_times_faster": ratio(measured["dice, torch"], measured["dice"]),
            "cross_entropy_times_faster": ratio(measured["cross entropy, torch"], measured["cross entropy"]),
        }

    def replays(self) -> Iterator[dict[str, Any]]:
        """Whether losses that are recorded in a CUDA graph, on a stream of its own, give the same bits again."""
        maps = Maps(self)
        steps = {
            "dice": self.dice,
            "cross entropy": self.cross_entropy,
            "centerlines": lambda z, y: maps.centerlines(z, y).mean(),
        }
        for name, loss in steps.items():
            z, y = self.data(SMALL[0], torch.float32)
            expected, graph = gradient(loss, z, y), torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                slope = gradient(loss, z, y)
            graph.replay()
            again = slope.clone()
            graph.replay()
            same = torch.equal(again, expected) and torch.equal(slope, expected)
            yield {"operation": f"{name} in a graph", "right": bool(same)}

    def each(self, what: str, cases: Any, measure: Callable[..., Any]) -> list[Any]:
        """Of each case a result; of those for which there is no time or memory, or that fail, their name and why."""
        results = []
        for case in cases:
            name = f"{what} {case}"
            if time.monotonic() > self.until:
                self.left_out.append(f"{name}: no time")
                continue
            try:
                results.append(measure(*case))
            except RuntimeError as error:
                self.left_out.append(f"{name}: {error}")
                torch.cuda.empty_cache()
                continue
            print(name, json.dumps(results[-1]), flush=True)
        return results


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def sanitizers() -> dict[str, str]:
    """What each tool of compute-sanitizer says of the kernels, where it is installed."""
    program, said = shutil.which("compute-sanitizer"), {}
    for tool in SANITIZERS if program else ():
        command = [program, "--tool", tool, "--error-exitcode", "9", sys.executable, __file__, "--launch"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SANITIZER_SECONDS)
        except subprocess.TimeoutExpired:
            said[tool] = "no time"
            continue
        said[tool] = "clean" if done.returncode == 0 else (done.stdout + done.stderr)[-2000:]
    return said or {"compute-sanitizer": "not installed"}


def launch_all(check: Check) -> None:
    """Every kernel of sums and maps on small tensors, in both directions, and nothing of torch's to compare with."""
    from paddleseg_losses.kernels.cuda import device

    maps = Maps(check)
    if refused := device.why_not(0):  # every module is tried
        raise RuntimeError(str(refused))
    for shape in SMALL:
        for dtype in DTYPES:
            z, y = check.data(shape, dtype)
            for loss in (check.dice, check.cross_entropy, maps.hausdorff, maps.lovasz, maps.centerlines):
                gradient(lambda z, y, loss=loss: loss(z, y).sum(), z, y)


def run(check: Check, full: bool, shapes: Any = SHAPES) -> dict[str, Any]:
    """All that is measured, as it is written."""
    from paddleseg_losses.kernels.cuda import device

    begin, maps = time.monotonic(), Maps(check)
    refused = device.why_not(0)
    results: dict[str, Any] = {
        "refused": None if refused is None else str(refused),
        "seconds_until_loaded_and_tried": time.monotonic() - begin,
        "agreement": [*check.agreement(), *(row for shape in SMALL for row in maps.agreement(shape, DTYPES))],
    }
    if check.device == "cuda":
        results["agreement"] += check.replays()
    print("agreement", json.dumps([row for row in results["agreement"] if not row["right"]]), flush=True)
    if full:
        copy = check.timer.copy_speed() if check.device == "cuda" else check.timer.copy_speed(1 << 20)
        cases = [(shape, dtype, copy) for shape in shapes for dtype in DTYPES[:2]]
        results |= {"copy_gb_s": copy / 1e9, "goals": GOALS, "speed": check.each("speed", cases, check.speed)}
        results["maps"] = check.each("maps", [(shape,) for shape in shapes], maps.speed)
    return {**results, "left_out": check.left_out}


def _write(path: Path, results: dict[str, Any]) -> None:
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gpu_check.json"))
    parser.add_argument("--agreement", action="store_true", help="whether they are right, and nothing else")
    parser.add_argument("--launch", action="store_true", help="run kernels, for a tool that watches them")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        print("torch finds no card here.")
        return 2
    torch.set_default_device("cuda")
    paddle_on_torch.install("cuda")
    if arguments.launch:
        launch_all(Check("cuda"))
        torch.cuda.synchronize()
        return 0
    card = {
        "card": torch.cuda.get_device_name(),
        "capability": list(torch.cuda.get_device_capability()),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }
    from paddleseg_losses.kernels.cuda import ptx_text

    code = {module: ptx_text.fingerprint(module) for module in ptx_text.modules()}
    results = card | {"code": code} | run(Check("cuda"), not arguments.agreement)
    right = results["refused"] is None and all(row["right"] for row in results["agreement"])
    if not arguments.agreement:
        _write(arguments.out, results)  # before a tool that may take too long
        _write(arguments.out, results | {"sanitizers": sanitizers()})
    print("right" if right else "WRONG", "on", card["card"])
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
