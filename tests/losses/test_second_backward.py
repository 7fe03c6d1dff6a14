"""A second `backward()` through a graph that is gone raises, whatever the loss, and does not end the process.

`paddle.grad` after a `backward()` is not tried: Paddle copies the graph first, and ends the process there.
"""

from paddleseg_losses import registry
from tests import fresh

PROGRAM = """
    import sys, warnings
    warnings.simplefilter("ignore")
    import paddle
    import paddleseg_losses as pl

    def attempt(name, again):
        spec = pl.registry.get(name)
        channels = 1 if "multiclass" not in spec.modes else spec.most_classes or 3
        z = paddle.to_tensor(paddle.rand([2, channels, 9, 11]), stop_gradient=False)
        value = spec.cls(**spec.example)(z, paddle.randint(0, 2, [2, 9, 11]))
        value.backward()
        try:
            again(value)
        except (OSError, RuntimeError, SystemError) as error:
            return "retain_graph" in str(error)
        return False

    WAYS = (
        lambda value: value.backward(),
        lambda value: (2 * value).backward(),
    )
    for mode in ("auto", "composed"):
        with pl.kernels.use_kernels(mode):
            for name in sys.argv[1:]:
                print(name, *(attempt(name, again) for again in WAYS), flush=True)
"""


def test_every_loss():
    names = registry.names()
    done = fresh.run(PROGRAM, *names)
    assert done.stdout.split("\n")[:-1] == [f"{name} True True" for name in names] * 2, done.stderr[-2000:]
    assert done.returncode == 0
