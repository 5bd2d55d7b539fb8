"""Finds older messages of one contact for a query."""
