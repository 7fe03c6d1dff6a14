"""Options of losses, declared once: default, accepted values and meaning stand in one line of the class.

    class TverskyLoss(RegionLoss):
        alpha: float = number(default=0.3, low=0, help="weight of false positives")

The signature, the checks, the tolerance for what YAML gives (strings such as ``1e-6``), the refusal of unknown
names, `repr`, the tables of the docs and the command line all come from these declarations.
"""

from .declared import REQUIRED as REQUIRED
from .declared import Fixed as Fixed
from .declared import Option as Option
from .declared import fixed as fixed
from .declared import option_advice as option_advice
from .declared import option_for as option_for
from .declared import options_of as options_of
from .declared import own_options_of as own_options_of
from .declared import parse as parse
from .declared import resolve as resolve
from .declared import signature_of as signature_of
from .declared import with_arguments as with_arguments
from .kinds import choice as choice
from .kinds import class_subset as class_subset
from .kinds import flag as flag
from .kinds import loss_list as loss_list
from .kinds import matrix_or_none as matrix_or_none
from .kinds import number as number
from .kinds import numbers as numbers
from .kinds import numbers_or_none as numbers_or_none
from .kinds import numbers_or_word as numbers_or_word
from .kinds import one_loss as one_loss
from .kinds import only as only
from .kinds import only_mean as only_mean
from .kinds import schedule_or_none as schedule_or_none
from .kinds import whole as whole
from .kinds import whole_or_none as whole_or_none
from .label_kinds import label_sets_or_none as label_sets_or_none
from .label_kinds import labels_or_none as labels_or_none
