"""Speed on a processor: native code, its loader, and the switch between native and composed.

Everything here is optional. A loss composed of Paddle's operators is always present: it serves GPUs, static graphs and
machines without a compiler, and the kernels are tested against it.
"""

from .backend import MODES as MODES
from .backend import applies as applies
from .backend import library as library
from .backend import status as status
from .backend import threads as threads
from .backend import using as using
