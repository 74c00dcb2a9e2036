"""The target of one machine: processes behind a router."""
