"""The repository that a project lives in: git, dvc.lock, integrity and revisions."""
