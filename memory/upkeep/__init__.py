"""Backup, encryption, copies, import and export, erasure."""
