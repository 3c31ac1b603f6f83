"""Administration, the welcome page and the start page (core plugin)."""
