"""From dialogue acts to a reply, by the built-in writer or the model."""
