"""Agents' memory and workflows."""
