"""Messaging channels: the port, its providers, and a simulator of one."""
