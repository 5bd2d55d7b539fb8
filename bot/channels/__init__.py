"""Messaging channels: the port, its providers, a simulator."""
