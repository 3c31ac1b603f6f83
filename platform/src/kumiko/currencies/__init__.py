"""Exchange rates by day, and totals of several currencies that say which rates they used."""
