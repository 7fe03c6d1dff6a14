"""Chapter 3 of the article: losses that compare boundaries, by distances. The order is the article's."""

from .shape_aware import ShapeAwareLoss as ShapeAwareLoss
from .hausdorff_dt import HausdorffDTLoss as HausdorffDTLoss
from .hausdorff_er import HausdorffERLoss as HausdorffERLoss
from .hausdorff_cv import HausdorffCVLoss as HausdorffCVLoss
from .boundary import BoundaryLoss as BoundaryLoss
from .boundary_dou import BoundaryDoULoss as BoundaryDoULoss
