"""The hourly check of every account, and its emergency actions."""
