"""A PaddleSeg model with an auxiliary head: which loss meets which output, and a short training by PaddleSeg.

The config is configs/usage/auxiliary_heads.yml: the losses in `types` and their weights in `coef` stand in the order
of the model's outputs. The slices of a brain are made from what nilearn carries, so no network is needed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import paddle
from paddleseg.cvlibs import Config, SegBuilder

import paddleseg_losses
from paddleseg_losses.datasets.mni import make_mni_dataset
from paddleseg_losses.paddleseg.trainer import train

CONFIG = Path(__file__).resolve().parent.parent / "configs" / "usage" / "auxiliary_heads.yml"


def show_the_heads() -> None:
    """Build model and losses as PaddleSeg's trainer does, and call them once."""
    paddleseg_losses.register()  # our names in PaddleSeg's table; the trainer below does it itself
    builder = SegBuilder(Config(str(CONFIG)))
    model, losses = builder.model, builder.loss
    outputs = model(paddle.randn([2, 3, 64, 64]))
    labels = paddle.randint(0, 4, [2, 64, 64])
    total = 0.0
    print(f"{type(model).__name__} has {len(outputs)} outputs while it trains:")
    for number, (output, loss, coef) in enumerate(zip(outputs, losses["types"], losses["coef"])):
        value = loss(output, labels)
        total = total + coef * value
        print(f"  output {number}, {list(output.shape)}: {coef} x {type(loss).__name__} = {coef} x {float(value):.3f}")
    print(f"  what is minimised: {float(total):.3f}\n")


def main() -> None:
    """Show the heads, make the data, train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iters", type=int, default=80)
    parser.add_argument("--out", type=Path, default=Path("output/auxiliary_heads"))
    parser.add_argument("--data", type=Path, default=Path("data/mni"))
    options = parser.parse_args()

    paddle.seed(0)
    show_the_heads()
    root = make_mni_dataset(options.data).root
    opts = [f"{part}_dataset.dataset_root={root}" for part in ("train", "val")]
    opts += [f"{part}_dataset.{part}_path={root / part}.txt" for part in ("train", "val")]
    result = train(
        CONFIG,
        iters=options.iters,
        log_iters=max(options.iters // 4, 1),
        save_dir=str(options.out),
        seed=0,
        opts=tuple(opts),
    )
    print(f"\n{result.scores}")
    print("\nHeads are for training: to predict, and to score, PaddleSeg takes the first output alone.")


if __name__ == "__main__":
    main()
