"""What people and machines call over HTTP."""
