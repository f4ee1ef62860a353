"""The live roster: its tables, fast load and apply, browsing."""
