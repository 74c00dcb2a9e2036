"""Where the repository is hosted: GitHub."""
