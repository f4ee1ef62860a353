"""Plain functions of the notices: no Django, no clock."""
