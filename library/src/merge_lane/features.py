"""What a team's features.py works on: columns by name, as numpy arrays of one length."""

from merge_lane.data.columns import Arrays

__all__ = ["Arrays"]
