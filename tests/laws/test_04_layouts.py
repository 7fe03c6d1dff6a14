"""Law 4: the same problem written differently has the same loss."""

from .scenes import hold

test_law = hold(4)
