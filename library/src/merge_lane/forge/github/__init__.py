"""The repository's settings on GitHub, as data in git: rules, environments, variables, labels."""
