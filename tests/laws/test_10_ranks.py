"""Law 10: two ranks with half a batch each are one rank with the whole, in value and gradient."""

import json
import subprocess
import sys
import textwrap
from itertools import product

import numpy as np
import pytest

from paddleseg_losses import build

from .cases import IGNORED, Case, each_loss, has, value_and_gradient

CASE = Case("multiclass", 3, (7, 5), samples=4)
PROGRAM = """
    import json, os, sys, warnings
    warnings.simplefilter("ignore")
    import numpy as np
    import paddleseg_losses, paddle
    import paddle.distributed as dist

    def main(folder, options):
        dist.init_parallel_env()
        rank = dist.get_rank()
        data = np.load(os.path.join(folder, "batch.npz"))
        half = slice(2 * rank, 2 * rank + 2)
        for name, given in options.items():
            for labels in ("labels", "half", "none"):
                loss = paddleseg_losses.build({"type": name, **given})
                z = paddle.to_tensor(data["logits"][half], stop_gradient=False)
                value = loss(z, paddle.to_tensor(data[labels][half]))
                value.backward()
                # data-parallel training averages the gradients of the ranks
                file = os.path.join(folder, f"{name}-{labels}-{rank}.npz")
                np.savez(file, value=value.numpy(), gradient=z.grad.numpy() / 2)

    if __name__ == "__main__":
        dist.spawn(main, args=(sys.argv[1], json.loads(sys.argv[2])), nprocs=2, backend="gloo")
"""


@pytest.mark.slow
def test_two_ranks_are_one(tmp_path):
    specs = [case.values[0] for case in each_loss(lambda spec: has(spec, "sync"))]
    assert specs
    logits, labels = CASE.logits(), CASE.labels()
    half = labels.copy()
    half[2:] = IGNORED  # the second rank has no pixel that counts
    batches = {"labels": labels, "half": half, "none": np.full_like(labels, IGNORED)}
    np.savez(tmp_path / "batch.npz", logits=logits, **batches)
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    options = {spec.name: {"batch": True, "sync": True} for spec in specs}
    inner = [{"type": "DiceLoss", **options["DiceLoss"]}, {"type": "JaccardLoss", **options["JaccardLoss"]}]
    options["WeightedSumLoss"] = {"losses": inner}
    arguments = [str(tmp_path), json.dumps(options)]
    done = subprocess.run([sys.executable, str(program), *arguments], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    for (name, given), (batch, truth) in product(options.items(), batches.items()):
        value, gradient = value_and_gradient(build({"type": name, **_alone(given)}), logits, truth)
        ranks = [np.load(tmp_path / f"{name}-{batch}-{rank}.npz") for rank in (0, 1)]
        for rank in ranks:
            np.testing.assert_allclose(rank["value"], value, rtol=1e-12, err_msg=name)
        of_ranks = np.concatenate([rank["gradient"] for rank in ranks])
        np.testing.assert_allclose(of_ranks, gradient, rtol=1e-9, atol=1e-14, err_msg=name)


def _alone(options):
    """The same without other ranks."""
    if "losses" in options:
        return {"losses": [_alone(each) for each in options["losses"]]}
    return {key: value for key, value in options.items() if key != "sync"}
