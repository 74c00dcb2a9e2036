"""The gates of a review: each judges one promise and returns its checks."""
