"""Ad accounts as last read, their insights, where orders came from, and what was learned."""
