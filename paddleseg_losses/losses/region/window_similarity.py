"""What the two losses of structural similarity share: the window and the constants."""

from __future__ import annotations

from ...functional.convolution import gaussian
from ...functional.similarity import Window
from ...inputs import Inputs
from ...options import number, whole
from ..families import CellLoss

MOST = 1e150  # whose square is a number


class WindowSimilarityLoss(CellLoss):
    """Compares the windows of prediction and truth around every pixel."""

    window_size: int = whole(default=11, low=1, odd=True, help="pixels along a side of the window")
    sigma: float = number(default=1.5, low=0.0, open_low=True, help="width of the Gaussian window in pixels")
    k1: float = number(default=0.01, low=0.0, open_low=True, help="its square is added to the squared means")
    k2: float = number(default=0.03, low=0.0, open_low=True, help="its square is added to the variances")

    def window(self, inputs: Inputs) -> Window:
        """As far as the image reaches."""
        half = inputs.problem.reach(self.window_size // 2)
        return Window(gaussian(half, self.sigma), *(min(k, MOST) ** 2 for k in (self.k1, self.k2)))
