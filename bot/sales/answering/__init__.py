"""From what was understood to a reply: the built-in writer, the model, and what both may do for a customer."""
