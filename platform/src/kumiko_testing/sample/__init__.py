"""A small plugin for tests of the record layer: topics (a dictionary), things with rows and money, notes on things."""
