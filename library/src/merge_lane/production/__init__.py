"""What runs after a deployment: the API."""
