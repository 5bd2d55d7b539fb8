"""Checks every outgoing text: nothing may be promised that is not true of the shop."""
