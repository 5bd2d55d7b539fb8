"""Staff commands in chat, each checked against the sender's role."""
