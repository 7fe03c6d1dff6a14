"""What compilers make of the kernels: no register is spilled on any card, and the page shows what was found."""

import pytest

from benchmarks import cuda_code
from paddleseg_losses.kernels.cuda import ptx_text

RESULTS = cuda_code.results()
BLOCK = 256  # threads of the largest block that is launched
REGISTERS = 65536  # of a multiprocessor


def test_the_results_are_of_these_sources():
    """`python -m benchmarks.cuda_code` makes them anew."""
    assert RESULTS["sources"] == cuda_code.fingerprints()
    for card, kernels in RESULTS["cards"].items():
        assert set(kernels) == set(ptx_text.kernels()), card


@pytest.mark.parametrize("card", RESULTS["cards"])
def test_nothing_is_spilled(card):
    for name, used in RESULTS["cards"][card].items():
        assert used["spilled"] == used["stack"] == 0, name
        assert used["registers"] * BLOCK * 2 <= REGISTERS, name  # two blocks at a time, at least


@pytest.mark.slow
@pytest.mark.parametrize("card", cuda_code.CARDS)
def test_the_compiler_still_says_so(card):
    try:
        sizes = cuda_code.compiled(card)
    except ImportError as error:
        pytest.skip(str(error))
    assert sizes == RESULTS["cards"][card]
