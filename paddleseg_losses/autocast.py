"""Paddle's autocast, which every loss leaves: what it sums in half precision has lost its digits."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import paddle


def full_precision() -> Any:
    """Leave autocast; a static graph of Paddle 2.6 cannot, and does not need to: inputs are cast already."""
    active = getattr(paddle.amp, "is_autocast_enabled", paddle.in_dynamic_mode)  # Paddle 3.0 does not tell
    return paddle.amp.auto_cast(enable=False) if paddle.in_dynamic_mode() and active() else nullcontext()
