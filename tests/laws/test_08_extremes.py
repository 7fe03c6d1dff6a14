"""Law 8: finite value and gradient for every logit up to 1e4 and every exponent."""

import pytest

from .scenes import hold

pytestmark = pytest.mark.usefixtures("each_path")
test_law = hold(8)
