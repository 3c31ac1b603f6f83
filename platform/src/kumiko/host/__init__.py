"""The thin host: finds plugins, builds an application from the enabled ones, contains those that fail."""
