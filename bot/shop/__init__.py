"""The catalogue and exchange rates."""
