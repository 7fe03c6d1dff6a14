"""The laws that every loss of this package keeps, for losses of your own.

from paddleseg_losses.testing import check

print(check(MyLoss))             # a class, registered and derived from a family
print(check(MyLoss, gamma=2.0))  # with options
print(check(MyLoss(gamma=2.0)))  # the same

`check` runs each law on small problems of every mode that the spec names. Where one is broken it raises a `LawError`
that lists them all. A fact in the spec (`neighbours`, `batchwise`, ...) is what excuses a loss from a law.
"""

from .cases import CASES as CASES
from .cases import Case as Case
from .checking import Report as Report
from .checking import check as check
from .law import Law as Law
from .laws import LAWS as LAWS
