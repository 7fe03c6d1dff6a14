"""Transforms of labels for PaddleSeg's data pipeline, under dotted names once `register()` has run.

Some compute what labels alone tell in the workers that load the data, while the model trains, such as `DistanceMaps`:

    train_dataset:
      transforms:
        - type: RandomHorizontalFlip
        - type: Normalize
        - type: paddleseg_losses.DistanceMaps   # last: after everything that moves pixels
          num_classes: 4

| transform | computes | for |
|---|---|---|
| `DistanceMaps` | `distance_maps` | `BoundaryLoss`, `DistancePenalizedCELoss`, `HausdorffDTLoss` |
| `LabelSkeleton` | `label_skeleton` | `SkeletonRecallLoss` |
| `Instances` | `instances` | losses that treat every object alike |
| `BorderWeights` | `border_weights` | every loss that takes a `pixel_weight` |

The losses find them under our commands `train` and `run`. In a loop of your own, `known_maps` hands them on:

    for data in paddle.io.DataLoader(dataset, num_workers=4):
        with known_maps(data["distance_maps"]):
            loss = criterion(model(data["img"]), data["label"])

The values are the same with and without: the maps are compared with the labels, pixel by pixel, before they are used.
For multilabel problems make them with `signed_maps`. `ShapeAwareLoss` measures from contour to contour, which these
maps do not tell.
"""

from ..known_spacing import known_spacing as known_spacing
from ..precomputed_maps import known_maps as known_maps
from .border_weights import BorderWeights as BorderWeights
from .classes import Foreground as Foreground
from .classes import Multilabel as Multilabel
from .distance_maps import DistanceMaps as DistanceMaps
from .distance_maps import signed_maps as signed_maps
from .label_maps import LabelMaps as LabelMaps
from .partial_labels import PartialLabels as PartialLabels
from .structures import Instances as Instances
from .structures import LabelSkeleton as LabelSkeleton

MAPS: tuple[type[LabelMaps], ...] = (BorderWeights, DistanceMaps, Instances, LabelSkeleton)
TRANSFORMS = (*MAPS, Foreground, Multilabel, PartialLabels)
KEYS = tuple(each.KEY for each in MAPS)  # of samples and batches
