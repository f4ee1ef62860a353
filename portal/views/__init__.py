"""Home, Gallery, Administration, help and the error pages."""
