"""Nothing lost: checkpoints that are whole or not there, and trainings that go on as if nothing had happened.

PaddleSeg's `train()` begins its data anew when it resumes, and writes files in place. Its code is not changed: for the
time of a training, what it calls is swapped.
"""

from .checkpoints import EMA as EMA
from .checkpoints import OPTIMIZER as OPTIMIZER
from .checkpoints import SCALER as SCALER
from .checkpoints import WEIGHTS as WEIGHTS
from .checkpoints import Writer as Writer
from .checkpoints import aside as aside
from .checkpoints import newest as newest
from .checkpoints import unwritable as unwritable
from .checkpoints import verified as verified
from .checkpoints import write_text as write_text
from .reading import safe_load as safe_load
from .repeating import Repeater as Repeater
