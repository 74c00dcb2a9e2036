"""The API: predictions over HTTP."""
