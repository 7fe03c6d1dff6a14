"""Pictures of losses: what one pixel costs, and what its gradient does. Drawing needs matplotlib, the numbers do not.

from paddleseg_losses import FocalLoss, drawing
losses = {"gamma 2": FocalLoss(), "gamma 5": FocalLoss(gamma=5)}
drawing.save(drawing.curve(losses), "curve.png")
drawing.save(drawing.gradient_map(losses), "gradient.png")
"""

from .curves import curve as curve
from .examples import SCENE as SCENE
from .examples import Scene as Scene
from .maps import gradient_map as gradient_map
from .measurements import Curve as Curve
from .measurements import SceneGradient as SceneGradient
from .measurements import curve_of as curve_of
from .measurements import gradient_on as gradient_on
from .style import save as save
