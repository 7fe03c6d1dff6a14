"""Law 10: two ranks with half a batch each are one rank with the whole, in value and gradient."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from .cases import Case, each_loss, has, make, value_and_gradient

CASE = Case("multiclass", 3, (7, 5), samples=4)
PROGRAM = """
    import json, os, sys, warnings
    warnings.simplefilter("ignore")
    import numpy as np
    import paddleseg_losses, paddle
    import paddle.distributed as dist

    def main(folder, names):
        dist.init_parallel_env()
        rank = dist.get_rank()
        data = np.load(os.path.join(folder, "batch.npz"))
        half = slice(2 * rank, 2 * rank + 2)
        for name in names:
            loss = paddleseg_losses.build(name, batch=True, sync=True)
            z = paddle.to_tensor(data["logits"][half], stop_gradient=False)
            value = loss(z, paddle.to_tensor(data["labels"][half]))
            value.backward()
            # data-parallel training averages the gradients of the ranks
            np.savez(os.path.join(folder, f"{name}-{rank}.npz"), value=value.numpy(), gradient=z.grad.numpy() / 2)

    if __name__ == "__main__":
        dist.spawn(main, args=(sys.argv[1], json.loads(sys.argv[2])), nprocs=2, backend="gloo")
"""


@pytest.mark.slow
def test_two_ranks_are_one(tmp_path):
    specs = [case.values[0] for case in each_loss(lambda spec: has(spec, "sync"))]
    assert specs
    logits, labels = CASE.logits(), CASE.labels()
    np.savez(tmp_path / "batch.npz", logits=logits, labels=labels)
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    names = json.dumps([spec.name for spec in specs])
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), names], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for spec in specs:
        value, gradient = value_and_gradient(make(spec, batch=True), logits, labels)
        ranks = [np.load(tmp_path / f"{spec.name}-{rank}.npz") for rank in (0, 1)]
        for rank in ranks:
            np.testing.assert_allclose(rank["value"], value, rtol=1e-12)
        found = np.concatenate([rank["gradient"] for rank in ranks])
        np.testing.assert_allclose(found, gradient, rtol=1e-9, atol=1e-14)
