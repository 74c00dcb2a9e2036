"""What a pull request shows: the candidate next to main's model on the same rows, gates, and one report."""
