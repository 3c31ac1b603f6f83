"""System mail: queued in the caller's transaction, delivered by a worker."""
