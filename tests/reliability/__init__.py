"""Faults on purpose, with figures: `python -m tests.reliability --help`; docs/reliability.md says what was found."""
