"""Every loss in plain NumPy, written from the mathematics: slow, float64, and independent of the package.

`REFERENCE` holds them by the names of the classes. Each takes logits `[N, C, *S]`, labels and the options of its class,
and returns a float.
"""

from . import boundary as boundary
from . import compound as compound
from . import distribution as distribution
from . import region as region
from . import similarity as similarity
from . import skeletons as skeletons
from . import wrappers as wrappers
from .common import REFERENCE as REFERENCE
