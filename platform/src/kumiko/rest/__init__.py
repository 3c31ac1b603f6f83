"""The REST API under /api/v1: generic rules that dispatch by collection, described by OpenAPI."""
