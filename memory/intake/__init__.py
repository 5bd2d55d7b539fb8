"""What the provider posts, kept before anybody reads it."""
