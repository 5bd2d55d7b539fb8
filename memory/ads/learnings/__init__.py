"""What a brand learned from its ads: why campaigns ran, how they went, what to do next."""
