"""Districts, people, memberships and roles, sign-in, audit trail."""
