"""Catalogue items with their stock, and orders."""
