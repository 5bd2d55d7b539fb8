"""What the shop sells and what it costs: the catalogue and exchange rates."""
