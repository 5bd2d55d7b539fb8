"""The morning of each account: reading it, and learning from how it went."""
