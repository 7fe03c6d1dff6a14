"""Speed: kernels for each kind of device, and the choice between them.

Everything here is optional. A loss composed of Paddle's operators is always present: it serves other devices, static
graphs and machines without a compiler, and the kernels are tested against it.
"""

from .backend import BACKENDS as BACKENDS
from .backend import LABEL_TYPES as LABEL_TYPES
from .backend import Backend as Backend
from .backend import find as find
from .backend import on_card as on_card
from .backend import on_cpu as on_cpu
from .backend import readable as readable
from .backend import status as status
from .loader import MODES as MODES
from .loader import library as library
from .loader import threads as threads
from .loader import use_kernels as use_kernels
