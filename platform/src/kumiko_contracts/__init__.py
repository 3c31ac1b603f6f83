"""The published language between modules: protocols, frozen data, events, errors and Null objects."""
