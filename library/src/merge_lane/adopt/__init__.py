"""A table of one's own in place of the example: look, decide what each column is, write the files."""
