"""Law 5: order carries no meaning: of classes, of samples, and of pixels or axes."""

from .scenes import hold

test_law = hold(5)
