"""The pytest plugin of Kumiko (entry point `kumiko_testing`)."""
