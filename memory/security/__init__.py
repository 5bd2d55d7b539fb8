"""Secrets, and connections to other machines."""
