"""Shared by all tests: nothing is written outside temporary folders, and the tests' own modules are importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import paddleseg_losses  # noqa: F401  (before scipy: see the package's __init__)
