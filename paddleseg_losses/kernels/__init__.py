"""Speed: kernels for each kind of device, and the choice between them.

Everything here is optional. A loss composed of Paddle's operators is always present: it serves GPUs, static graphs and
machines without a compiler, and the kernels are tested against it.
"""

from .backend import BACKENDS as BACKENDS
from .backend import LABEL_TYPES as LABEL_TYPES
from .backend import Backend as Backend
from .backend import find as find
from .backend import on_cpu as on_cpu
from .library import MODES as MODES
from .library import library as library
from .library import status as status
from .library import threads as threads
from .library import use_kernels as use_kernels
