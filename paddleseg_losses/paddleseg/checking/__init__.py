"""Explaining the loss section of a PaddleSeg YAML file: every mistake at once, with the corrected text."""

from .report import Mistake as Mistake
from .report import Report as Report
from .sections import check as check
