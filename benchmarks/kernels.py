"""Some losses that run a kernel, by the name of its files, which is the same in every room."""

from __future__ import annotations

from .cases import EDT

KERNELS: dict[str, tuple[str, ...]] = {
    "balls": ("HausdorffCVLoss",),
    "centre_lines": ("SoftCLDiceLoss",),
    "closeness": ("DistancePenalizedCELoss",),
    "confusion": ("GeneralizedWassersteinDiceLoss",),
    "edt": (EDT,),
    "eroded": ("HausdorffERLoss",),
    "labels": ("CrossEntropyLoss", "DiceLoss"),
    "largest": ("TopKCrossEntropyLoss",),
    "lovasz": ("LovaszSoftmaxLoss", "LovaszHingeLoss"),
    "moments": ("DiceLoss", "GeneralizedDiceLoss", "DiceCELoss"),
    "outlines": ("ShapeAwareLoss", "BoundaryDoULoss"),
    "pixels": ("CrossEntropyLoss", "FocalLoss", "Poly1CrossEntropyLoss"),
    "priced": ("HausdorffDTLoss", "BoundaryLoss"),
    "probabilities": ("BoundaryLoss", "HausdorffERLoss"),
    "skeleton": (),  # one-hot labels alone, and no case has them
    "window": ("StructuralSimilarityLoss", "NACLLoss"),
}
