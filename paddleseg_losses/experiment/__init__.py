"""The survey's experiment as a command: one network, many losses, several seeds, honest spread."""

from .comparison import Progress as Progress
from .comparison import compare as compare
from .comparison import report as report
from .comparison import warnings as warnings
from .study import Study as Study
from .study import read as read
