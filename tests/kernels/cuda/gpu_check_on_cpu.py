"""Runs `benchmarks/gpu_check.py` in an interpreter with torch, on the fake driver: `gpu_check_on_cpu.py LIBRARY`."""

import json
import math
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[3])

import torch  # noqa: E402

from benchmarks import gpu_check, gpu_references, paddle_on_torch  # noqa: E402

paddle_on_torch.install("meta")
for make in ("empty", "zeros", "ones"):  # not by torch's default device, which other threads need not have
    assert getattr(sys.modules["paddle"], make)([1]).device.type == "meta"
assert sys.modules["paddle"].full([1], 2).device.type == "meta"
paddle_on_torch.install()
assert torch.ones(1, requires_grad=True).numpy() == 1  # Paddle's copies from wherever a tensor is
assert gpu_references.off(torch.zeros(1), torch.zeros(1)) == 0

from paddleseg_losses.kernels.cuda import device  # noqa: E402
from tests.kernels.cuda import fake  # noqa: E402

gpu_check.SMALL = ((2, 5, 9, 11), (1, 3, 1, 1))
with fake.on_card(Path(sys.argv[1])) as card:
    results = gpu_check.run(gpu_check.Check("cpu"), True, shapes=((1, 3, 8, 8),))
    assert {"kept_sums_f32", "kept_gradient_f16", "labels_compact", "edt_distance"} <= set(card.names)
    assert device.status() is None
    card.launches.clear()
    gpu_check.launch_all(gpu_check.Check("cpu"))
    assert {"lovasz_grow", "distance_weighted", "softmax_sums_f32", "kept_gradient_bf16"} <= set(card.names)
assert results["refused"] is None
assert len(results["agreement"]) == 34
assert all(row["right"] for row in results["agreement"]), results["agreement"]
assert len(results["speed"]) == 2
assert len(results["maps"]) == 1
assert results["left_out"] == []
assert all(math.isfinite(row["ms"]) for case in results["speed"] for row in case["losses"].values())
json.dumps(results)
assert "paddle" not in str(getattr(sys.modules["paddle"], "__file__", ""))
print("as expected")
