"""The ad agent: buys ads, remembers why, and moves budgets by sales."""
