"""What delivered files look like: unpacking, reading, and the standards they follow. No Django."""
