"""The stages of dvc.yaml, one module each: pure functions with a thin entry."""
