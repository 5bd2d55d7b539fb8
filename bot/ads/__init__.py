"""The ad agent: it buys the ads, remembers why, and moves budgets by what was really sold."""
