"""What Hawker remembers: the conversation, the people, the orders. Knows nothing of the bot."""
