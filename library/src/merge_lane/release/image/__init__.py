"""The container image: build, publish, bill of materials."""
