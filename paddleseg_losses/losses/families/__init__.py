"""The families: each prepares one kind of value and leaves one hook open to its final classes."""

from .class_options import each_class as each_class
from .class_options import fit as fit
from .class_options import pick as pick
from .inner import disagreement as disagreement
from .inner import made as made
from .inner import named as named
from .inner import require_agreement as require_agreement
from .per_class import CellLoss as CellLoss
from .per_class import ClassSumLoss as ClassSumLoss
from .per_class import MapLoss as MapLoss
from .per_class import OverlapLoss as OverlapLoss
from .per_class import PerClassLoss as PerClassLoss
from .per_class import RegionLoss as RegionLoss
from .per_class import SumsLoss as SumsLoss
from .pixel import PixelLoss as PixelLoss
from .pixel import Spaced as Spaced
from .powers import powers as powers
from .scalar import CompoundLoss as CompoundLoss
from .scalar import ScalarLoss as ScalarLoss
from .scalar import SumOfLosses as SumOfLosses
from .wrapper import WrapperLoss as WrapperLoss
