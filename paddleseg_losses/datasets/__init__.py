"""The masks of a dataset: where they are, how often each class occurs in them, and which weights follow."""

from ..sample_files import is_cut as is_cut
from .class_weights import SCHEMES as SCHEMES
from .class_weights import Scheme as Scheme
from .class_weights import balance as balance
from .counting import Counts as Counts
from .counting import MaskProblem as MaskProblem
from .counting import count as count
from .mask_sources import MaskSource as MaskSource
from .mask_sources import Merged as Merged
from .mask_sources import Pair as Pair
from .mask_sources import open_source as open_source
from .mask_statistics import ClassStatistics as ClassStatistics
from .mask_statistics import MaskStatistics as MaskStatistics
from .mask_statistics import measure as measure
from .pairs import check_pairs as check_pairs
from .pairs import examine as examine
from .symptoms import Symptom as Symptom
from .symptoms import symptoms as symptoms
