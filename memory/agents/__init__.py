"""What agents remember and do, workflow by workflow."""
