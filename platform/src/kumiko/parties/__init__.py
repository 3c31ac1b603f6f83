"""Persons and organizations: everybody the company deals with, as people (B2C) or through their employers (B2B)."""
