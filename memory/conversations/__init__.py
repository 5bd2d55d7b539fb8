"""Messages, turns, sessions, and what a reply is written from."""
