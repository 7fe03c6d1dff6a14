"""The families: each prepares one kind of number and leaves one hook open to its final classes."""

from .cells import CellLoss as CellLoss
from .cells import ClassSumLoss as ClassSumLoss
from .cells import MapLoss as MapLoss
from .cells import RegionLoss as RegionLoss
from .cells import SumsLoss as SumsLoss
from .classes import each_class as each_class
from .classes import fit as fit
from .classes import pick as pick
from .numbers import CompoundLoss as CompoundLoss
from .numbers import NumberLoss as NumberLoss
from .pixels import PixelLoss as PixelLoss
from .pixels import Spaced as Spaced
