"""Speed on a processor: native code, its loader, and the switch between native and composed.

Everything here is optional. A loss composed of Paddle's operators is always present: it serves GPUs, static graphs and
machines without a compiler, and the kernels are tested against it.
"""

from .switch import MODES as MODES
from .switch import applies as applies
from .switch import library as library
from .switch import status as status
from .switch import threads as threads
from .switch import using as using
