"""`python -m benchmarks.traffic`: counts every loss, and PaddleSeg's own; `make docs` shows the rows."""

from __future__ import annotations

import json
import sys

import paddle

from . import KNOWN, RESULTS, SIZE, SMALL, count, losses

OF_MAPS = ("DistancePenalizedCELoss", "BoundaryLoss", "HausdorffDTLoss")  # which DistanceMaps help
PEERS = ("CrossEntropyLoss", "DiceLoss", "LovaszSoftmaxLoss", "MultiClassFocalLoss")


def main() -> None:
    """Some minutes."""
    names = [*losses(), *(f"PaddleSeg.{name}" for name in PEERS)]
    tables = {}
    for title, size in (("rows", SIZE), ("small", SMALL)):
        tables[title] = {}
        for row in count(names, size):
            tables[title][row.pop("loss")] = row
        print(f"{len(tables[title])} losses counted at {list(size)}", file=sys.stderr)
    known = {row["loss"].removesuffix(KNOWN): row for row in count([name + KNOWN for name in OF_MAPS])}
    facts = {"paddle": paddle.__version__, "size": list(SIZE), "small_size": list(SMALL)}
    RESULTS.write_text(json.dumps({**facts, **tables, "known_maps": known}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
