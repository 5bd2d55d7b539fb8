"""Understands a text: topics, interests, answers to a quote."""
