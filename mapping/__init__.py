"""Schools mapping and attributes mapping: rules, screens, steps."""
