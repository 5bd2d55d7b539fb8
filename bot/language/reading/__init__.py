"""What a text says by itself: its type, conversions, opt-outs, and what it states about its writer."""
