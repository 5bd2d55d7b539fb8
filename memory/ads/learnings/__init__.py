"""A brand's campaign records and strategy."""
