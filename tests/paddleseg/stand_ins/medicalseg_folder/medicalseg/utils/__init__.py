from . import logger, train_profiler
from .loss_utils import loss_computation
from .resuming import resume
