"""The hourly check of every account, and what is done at once."""
