"""Buys the ads: observes, decides, acts within limits, and reports."""
