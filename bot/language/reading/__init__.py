"""Reads messages: type, conversions, opt-outs, and facts about the writer."""
