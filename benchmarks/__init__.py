"""What this project promises about speed, measured beside something else in the same run."""
