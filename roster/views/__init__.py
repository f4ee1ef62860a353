"""Pages of Data Browsing."""
