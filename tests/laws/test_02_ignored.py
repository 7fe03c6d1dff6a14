"""Law 2: nothing depends on the logits of ignored pixels, and no gradient reaches them."""

import pytest

from .scenes import hold

pytestmark = pytest.mark.usefixtures("each_path")
test_law = hold(2)
