"""Plain questions of staff about the ads."""
