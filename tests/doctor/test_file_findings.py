"""What the doctor says about files, in Chinese too."""

import re

import pytest

from paddleseg_losses.datasets import MaskProblem
from paddleseg_losses.doctor.files import _KINDS, check_files
from paddleseg_losses.i18n import speaking


class Listed:
    """A list of masks without a defect."""

    defects = ()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("kind", _KINDS)
def test_a_finding_speaks_chinese(kind, count):
    (finding,) = check_files(Listed(), {kind: MaskProblem(count, ["x.png"])}, "train")
    assert re.match("1 (image|mask) " if count == 1 else "2 (image|mask)s ", str(finding.text))
    with speaking("zh"):
        assert re.search(f"{count} ?[\u4e00-\u9fff]", str(finding.text))
