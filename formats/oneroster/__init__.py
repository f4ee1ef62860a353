"""OneRoster CSV: the tables of 1.0 and 1.1, the check against them, and the writer."""
