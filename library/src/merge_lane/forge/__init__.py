"""Where the repository is hosted: GitHub, and the steps that its workflows run."""
