"""What comes after a training: scores, pictures, predictions, a model for deployment, and a report of the training."""

from .evaluation import Evaluation as Evaluation
from .evaluation import evaluate as evaluate
from .exporting import export as export
from .page import write_evaluation as write_evaluation
from .pictures import leave_pictures as leave_pictures
from .prediction import predict as predict
from .report import write_report as write_report
