"""Checking one real batch before a long training."""

from .checks import run_checks as run_checks
from .report import ClassFact as ClassFact
from .report import Diagnosis as Diagnosis
from .report import Finding as Finding
from .report import TermFact as TermFact
