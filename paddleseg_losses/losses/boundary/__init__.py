"""Chapter 3 of the article: losses that compare boundaries, by distances. The order is the article's."""

from .shape_aware import ShapeAwareLoss as ShapeAwareLoss
from .hausdorff_dt import HausdorffDTLoss as HausdorffDTLoss
from .hausdorff_windows import HausdorffERLoss as HausdorffERLoss
from .hausdorff_windows import HausdorffCVLoss as HausdorffCVLoss
from .contours import BoundaryLoss as BoundaryLoss
from .contours import BoundaryDoULoss as BoundaryDoULoss
