"""What the compilers make of the kernels for CUDA: `python -m benchmarks.cuda_code` writes `cuda_code.json`.

Registers and spilled ones of every kernel on every kind of card, by NVRTC 11.8, and on the newest by nvcc. No card is
needed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paddleseg_losses.kernels.cuda import compile as compiling

RESULTS = Path(__file__).with_suffix(".json")
CARDS = ("sm_60", "sm_70", "sm_80", "sm_90")  # that NVRTC 11.8 knows
NEWER = ("sm_100",)


def compiled(card: str) -> dict[str, dict[str, int]]:
    """Resources of all kernels on a kind of card."""
    by = compiling.resources if card in CARDS else compiling.resources_by_nvcc
    return {name: used for path in compiling.sources() for name, used in sorted(by(path, card).items())}


def fingerprints() -> dict[str, str]:
    """Of which sources the results are."""
    return {path.name: compiling.fingerprint(path) for path in compiling.sources()}


def results() -> Any:
    """Those that were written."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def main() -> None:
    """Compile for all cards, and write what was found."""
    cards = {card: compiled(card) for card in (*CARDS, *NEWER)}
    text = json.dumps({"sources": fingerprints(), "cards": cards}, indent=1)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
