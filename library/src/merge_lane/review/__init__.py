"""What a pull request shows: the candidate beside main's model on the same rows, gates, and one report."""
