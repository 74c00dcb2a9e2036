"""params.yaml: the parameters of a project and the gates that judge it."""

from merge_lane.settings.params import Canary, Data, Evaluate, Settings, Split, Train, load

__all__ = ["Canary", "Data", "Evaluate", "Settings", "Split", "Train", "load"]
