"""Law 10 for three ranks whose batches differ in size; and a rank that dies does not keep the others waiting."""

import json
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from .cases import Case, each_loss, has, make, value_and_gradient

CASE = Case("multiclass", 3, (7, 5), samples=6)
ENDS = [0, 3, 5, 6]  # of the ranks' batches
ALL_END = 60  # seconds after one has died: a second where nothing else runs, far below the time-out of Paddle
PROGRAM = """
    import json, os, sys, time, warnings
    warnings.simplefilter("ignore")
    import numpy as np
    import paddleseg_losses, paddle
    import paddle.distributed as dist

    def main(folder, names, ends):
        dist.init_parallel_env()
        rank = dist.get_rank()
        data = np.load(os.path.join(folder, "batch.npz"))
        part = slice(ends[rank], ends[rank + 1])

        def tried(name):
            loss = paddleseg_losses.build(name, batch=True, sync=True)
            z = paddle.to_tensor(data["logits"][part], stop_gradient=False)
            value = loss(z, paddle.to_tensor(data["labels"][part]))
            value.backward()
            return value.numpy(), z.grad.numpy()

        for name in names:
            value, gradient = tried(name)
            np.savez(os.path.join(folder, f"{name}-{rank}.npz"), value=value, gradient=gradient / dist.get_world_size())
        def note(name, text):  # whole or not at all: whoever started the ranks may end this one meanwhile
            with open(os.path.join(folder, name + ".part"), "w") as file:
                file.write(f"{time.time()} {text}")
            os.replace(file.name, os.path.join(folder, name))

        if rank == 1:
            note("died.txt", "")
            os._exit(9)
        try:
            tried(names[0])
        except Exception as error:
            note(f"ended-{rank}.txt", error)
            raise

    if __name__ == "__main__":
        arguments = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
        dist.spawn(main, args=arguments, nprocs=3, backend="gloo")
"""


@pytest.mark.slow
def test_three_uneven_ranks_are_one_and_a_dead_one_ends_all(tmp_path):
    specs = [case.values[0] for case in each_loss(lambda spec: has(spec, "sync"))]
    logits, labels = CASE.logits(), CASE.labels()
    np.savez(tmp_path / "batch.npz", logits=logits, labels=labels)
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    words = [str(tmp_path), json.dumps([spec.name for spec in specs]), json.dumps(ENDS)]
    done = subprocess.run([sys.executable, str(program), *words], capture_output=True, text=True, timeout=540)
    ended = time.time()
    assert done.returncode == 1  # one rank has died
    for spec in specs:
        value, gradient = value_and_gradient(make(spec, batch=True), logits, labels)
        ranks = [np.load(tmp_path / f"{spec.name}-{rank}.npz") for rank in range(3)]
        for rank in ranks:
            np.testing.assert_allclose(rank["value"], value, rtol=1e-12)
        of_ranks = np.concatenate([rank["gradient"] for rank in ranks])
        np.testing.assert_allclose(of_ranks, gradient, rtol=1e-9, atol=1e-14)
    assert "exit code 9" in done.stderr
    died = float((tmp_path / "died.txt").read_text())
    assert ended - died < ALL_END
    for path in tmp_path.glob("ended-*.txt"):  # of those that were not ended before by the one that started them
        moment, text = path.read_text().split(maxsplit=1)
        assert float(moment) - died < ALL_END
        assert "gloo/transport" in text  # how the connection was lost: reset, closed, or "TIMEOUT" long before any
