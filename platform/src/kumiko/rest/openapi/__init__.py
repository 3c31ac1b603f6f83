"""The OpenAPI document, made from the record types of the running generation."""
