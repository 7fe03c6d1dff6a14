"""Every loss in plain NumPy, written from the mathematics: slow, float64, and independent of the package.

Each function takes logits `[N, C, *S]`, labels and the options of its class, and returns a float.
"""

from . import boundary, compound, distribution, region
from .common import loss

_FORMULAS = {
    "CrossEntropyLoss": distribution.cross_entropy,
    "BinaryCrossEntropyLoss": distribution.binary_cross_entropy,
    "WeightedBinaryCrossEntropyLoss": distribution.weighted_binary_cross_entropy,
    "BalancedCrossEntropyLoss": distribution.balanced_cross_entropy,
    "FocalLoss": distribution.focal,
    "Poly1CrossEntropyLoss": distribution.poly1_cross_entropy,
    "TopKCrossEntropyLoss": distribution.top_k_cross_entropy,
    "DistancePenalizedCELoss": distribution.distance_penalized_cross_entropy,
    "DiceLoss": region.dice,
    "JaccardLoss": region.jaccard,
    "TverskyLoss": region.tversky,
    "FocalTverskyLoss": region.focal_tversky,
    "AsymmetricSimilarityLoss": region.asymmetric_similarity,
    "GeneralizedDiceLoss": region.generalized_dice,
    "PenaltyGeneralizedDiceLoss": region.penalty_generalized_dice,
    "SensitivitySpecificityLoss": region.sensitivity_specificity,
    "LogCoshDiceLoss": region.log_cosh_dice,
    "DicePlusPlusLoss": region.dice_plus_plus,
    "MCCLoss": region.matthews,
    "GeneralizedWassersteinDiceLoss": region.generalized_wasserstein_dice,
    "LovaszSoftmaxLoss": region.lovasz_softmax,
    "LovaszHingeLoss": region.lovasz_hinge,
    "SoftCLDiceLoss": region.soft_cl_dice,
    "HausdorffDTLoss": boundary.hausdorff_dt,
    "HausdorffERLoss": boundary.hausdorff_er,
    "HausdorffCVLoss": boundary.hausdorff_cv,
    "BoundaryLoss": boundary.boundary,
    "BoundaryDoULoss": boundary.boundary_dou,
    "ShapeAwareLoss": boundary.shape_aware,
    "ComboLoss": compound.combo,
    "ExpLogLoss": compound.exp_log,
    "StructuralSimilarityLoss": compound.structural_similarity,
    "CELovaszLoss": compound.ce_lovasz,
    "DiceCELoss": compound.dice_ce,
    "DiceFocalLoss": compound.dice_focal,
    "AsymmetricFocalLoss": compound.asymmetric_focal,
    "AsymmetricFocalTverskyLoss": compound.asymmetric_focal_tversky,
    "AsymmetricUnifiedFocalLoss": compound.asymmetric_unified_focal,
    "SymmetricUnifiedFocalLoss": compound.symmetric_unified_focal,
    "NACLLoss": compound.nacl,
}

REFERENCE = {name: loss(formula) for name, formula in _FORMULAS.items()}


def _weighted_sum(logits, labels, losses, coef=None, **shared):
    """The sum has no formula of its own."""
    names = [item["type"].removeprefix("paddleseg_losses.") for item in losses]
    options = [{key: value for key, value in item.items() if key != "type"} for item in losses]
    values = [REFERENCE[name](logits, labels, **own, **shared) for name, own in zip(names, options)]
    return sum(weight * value for weight, value in zip(coef or [1.0] * len(values), values))


REFERENCE["WeightedSumLoss"] = _weighted_sum
