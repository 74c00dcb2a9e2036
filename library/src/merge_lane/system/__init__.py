"""Files that appear whole, and work in the background."""
