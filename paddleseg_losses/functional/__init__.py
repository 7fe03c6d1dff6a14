"""Formulas on clean tensors."""
