"""Steps, their cost, refusals and outcomes: values and arithmetic."""
