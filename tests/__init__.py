"""The test suite; it mirrors the rooms of the portal. How to run it: CONTRIBUTING.md."""
