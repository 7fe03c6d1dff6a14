"""Law 6: values stay in the stated range, the perfect prediction is the minimum, and descent descends."""

from .scenes import hold

test_law = hold(6)
