"""A plugin for tests that extends the sample plugin's things: a phase, a rank, and a subscriber that keeps notes."""
