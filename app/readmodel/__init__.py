"""The read model: what the flows did, in tables that the console and programs can ask.

Built from the log alone (projection.py), so it can be thrown away and is then read again.
"""

from app.readmodel.model import ReadModel, ReadModelUnavailable
from app.readmodel.projection import Projection, Standing
from app.readmodel.pruning import Keep
from app.readmodel.writing import Applied

__all__ = ["Applied", "Keep", "Projection", "ReadModel", "ReadModelUnavailable", "Standing"]
