"""What a merge does: the identity chain, the canary, promotion and rollback, and the record of it all."""
