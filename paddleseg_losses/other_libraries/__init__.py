"""What the losses and options of other libraries are called here: one table, in the YAML files of this folder.

Errors look an unknown name up in it, and docs/coming_from.md shows all of it.
"""

from .hints import Hint as Hint
from .hints import loss_hints as loss_hints
from .hints import option_hints as option_hints
from .hints import renamed as renamed
from .hints import said as said
from .hints import value_hints as value_hints
from .table import Library as Library
from .table import OtherLoss as OtherLoss
from .table import OtherOption as OtherOption
from .table import libraries as libraries
from .table import texts as texts
