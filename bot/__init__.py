"""What Hawker does: it hears (web, channels), sells (sales), obeys (staff), advertises (ads)."""
