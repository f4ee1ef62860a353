"""Administration: organizations, people and roles, audit trail."""
