"""The ways in and out: one provider, one file."""
