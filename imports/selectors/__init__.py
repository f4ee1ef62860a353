"""What the pages, commands and the API read about syncs."""
