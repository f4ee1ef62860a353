"""What the portal tells people and other programs by itself: an outbox of events, mails, webhooks, and what each person wants to know."""
