"""The desk's answers without a language model."""
