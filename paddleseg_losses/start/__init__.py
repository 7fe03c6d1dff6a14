"""From a folder of images and masks to lists, a legend and a configuration to train with."""

from .plan import Options as Options
from .plan import Plan as Plan
from .plan import find_out as find_out
from .plan import make_plan as make_plan
from .reading import shown_values as shown_values
from .recipes import MODELS as MODELS
from .recipes import purposes as purposes
from .writing import Written as Written
from .writing import write_plan as write_plan
