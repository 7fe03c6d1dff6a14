"""Looking at one real batch, as a colleague would before a long training."""

from .case import Advice as Advice
from .case import ClassFact as ClassFact
from .case import Diagnosis as Diagnosis
from .case import TermFact as TermFact
from .examine import examine as examine
