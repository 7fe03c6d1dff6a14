"""Law 10 for three ranks whose batches differ in size; and a rank that dies does not keep the others waiting."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from .cases import Case, each_loss, has, make, value_and_gradient

CASE = Case("multiclass", 3, (7, 5), samples=6)
ENDS = [0, 3, 5, 6]  # of the ranks' batches
RANKS = range(3)
ALL_END = 60  # seconds after one has died: a second where nothing else runs, far below the time-out of Paddle
PROGRAM = """
    import json, os, sys, time, warnings
    warnings.simplefilter("ignore")
    import numpy as np
    import paddleseg_losses, paddle
    import paddle.distributed as dist

    folder, names, ends = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
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
    if rank == 1:
        files = [os.path.join(folder, f"{names[-1]}-{other}.npz") for other in (0, 2)]
        while not all(map(os.path.exists, files)):  # what it has sent last may still be on its way
            time.sleep(0.01)
        os._exit(9)
    try:
        tried(names[0])
    except Exception as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
"""


@pytest.mark.slow
def test_three_uneven_ranks_are_one_and_a_dead_one_ends_all(tmp_path):
    """Nobody ends the others, as a launcher would: Paddle's handler of its signal can wait for itself for ever."""
    specs = [case.values[0] for case in each_loss(lambda spec: has(spec, "sync"))]
    logits, labels = CASE.logits(), CASE.labels()
    np.savez(tmp_path / "batch.npz", logits=logits, labels=labels)
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    words = [str(tmp_path), json.dumps([spec.name for spec in specs]), json.dumps(ENDS)]
    started = _start([sys.executable, str(program), *words], tmp_path)
    try:
        assert started[1].wait(540) == 9
        died = time.time()
        assert [started[rank].wait(max(0, died + ALL_END - time.time())) for rank in (0, 2)] == [1, 1]
    finally:
        for process in started:
            process.kill()
            process.wait()
    for spec in specs:
        value, gradient = value_and_gradient(make(spec, batch=True), logits, labels)
        ranks = [np.load(tmp_path / f"{spec.name}-{rank}.npz") for rank in RANKS]
        for rank in ranks:
            np.testing.assert_allclose(rank["value"], value, rtol=1e-12)
        of_ranks = np.concatenate([rank["gradient"] for rank in ranks])
        np.testing.assert_allclose(of_ranks, gradient, rtol=1e-9, atol=1e-14)
    for rank in (0, 2):  # how the connection was lost: reset, closed, or "TIMEOUT" long before any
        assert "gloo/transport" in (tmp_path / f"{rank}.txt").read_text()


def _start(command, folder):
    """One process for each rank, whose errors go to a file of the folder."""
    sockets = [socket.socket() for _ in RANKS]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ends = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    common = {
        "PADDLE_DISTRI_BACKEND": "gloo",
        "PADDLE_MASTER": ends[0],
        "PADDLE_TRAINER_ENDPOINTS": ",".join(ends),
        "PADDLE_TRAINERS_NUM": str(len(ends)),
    }
    started = []
    for rank, end in enumerate(ends):
        own = {"PADDLE_TRAINER_ID": str(rank), "PADDLE_CURRENT_ENDPOINT": end}
        with (folder / f"{rank}.txt").open("w") as errors:
            started.append(subprocess.Popen(command, env={**os.environ, **common, **own}, stderr=errors))
    return started
