"""Some losses that run a kernel, by the name of its files, which is the same in every room."""

from __future__ import annotations

from .cases import EDT

KERNELS: dict[str, tuple[str, ...]] = {
    "active_boundary": ("ActiveBoundaryLoss",),
    "active_contour": ("ActiveContourLoss",),
    "ball_filter": ("HausdorffCVLoss",),
    "boundary_f1": ("BoundaryF1Loss",),
    "boundary_proximity": ("DistancePenalizedCELoss",),
    "calibration": ("L1ACELoss",),
    "centerline": ("SoftCLDiceLoss",),
    "confusion": ("GeneralizedWassersteinDiceLoss",),
    "contours": ("ShapeAwareLoss", "BoundaryDoULoss"),
    "distance_weighted": ("HausdorffDTLoss", "BoundaryLoss"),
    "edt": (EDT,),
    "erosion": ("HausdorffERLoss",),
    "error_sums": ("DiceLoss", "GeneralizedDiceLoss", "DiceCELoss"),
    "label_means": ("SpatialLabelSmoothingLoss",),
    "labels": ("CrossEntropyLoss", "DiceLoss"),
    "lovasz": ("LovaszSoftmaxLoss", "LovaszHingeLoss"),
    "margin": ("MarginSmoothingLoss",),
    "misses": ("RecallCrossEntropyLoss",),
    "pixelwise": ("CrossEntropyLoss", "FocalLoss", "Poly1CrossEntropyLoss"),
    "probabilities": ("BoundaryLoss", "HausdorffERLoss"),
    "radius_sums": ("CBDiceLoss",),
    "similarity": ("SSIMLoss", "MSSSIMLoss"),
    "soft_targets": ("CrossEntropyLoss", "DiceLoss", "DiceCELoss"),
    "thinning": ("SkeletonRecallLoss",),
    "top_k": ("TopKCrossEntropyLoss",),
    "window": ("StructuralSimilarityLoss", "NACLLoss"),
}
