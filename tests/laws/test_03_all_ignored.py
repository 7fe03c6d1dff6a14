"""Law 3: with everything ignored the loss is 0, attached to the graph, with a gradient of 0."""

import pytest

from .scenes import hold

pytestmark = pytest.mark.usefixtures("each_path")
test_law = hold(3)
