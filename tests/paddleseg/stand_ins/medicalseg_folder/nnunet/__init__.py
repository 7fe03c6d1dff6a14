"""Stands in for the nnU-Net in MedicalSeg: deep supervision over outputs and labels of several sizes."""

from . import core, losses
