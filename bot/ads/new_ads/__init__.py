"""New ads: ideas, their review, and their launch."""
