"""Plain questions of staff about the ads: read by rules or by a model, answered from memory."""
