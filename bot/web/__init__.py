"""HTTP: webhook, pages, API; and the terminal commands."""
