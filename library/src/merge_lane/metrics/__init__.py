"""How good a model is, and how surely: metrics by task, intervals by resampled days, curves, drift."""
