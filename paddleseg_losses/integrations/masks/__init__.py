"""The masks of a dataset: where they are, how often each class occurs in them, and which weights follow."""

from .balance import SCHEMES as SCHEMES
from .balance import Scheme as Scheme
from .balance import balance as balance
from .counting import Counts as Counts
from .counting import Trouble as Trouble
from .counting import count as count
from .sources import Source as Source
from .sources import open_source as open_source
