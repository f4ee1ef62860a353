"""Data requirements, filter rules, uniqueness, and the issues they find."""
