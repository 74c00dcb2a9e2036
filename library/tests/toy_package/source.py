"""The toy's source: the file that params.yaml names, as it is."""

from merge_lane.data.tables import read_month as read

__all__ = ["read"]
