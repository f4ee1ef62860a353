"""Sign-in, passwords and the choice of the district."""
