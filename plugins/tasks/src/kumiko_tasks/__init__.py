"""Tasks, calls and meetings: a module of Kumiko."""
