"""The verbs of the command line, grouped by what they belong to; each imports its room when it runs."""
