"""What is to be changed, what it may cost, why it is refused and what became of it: values and arithmetic."""
