"""The core plugin `duplicates`: who is known already, on every way in; pairs among existing records; merging."""
