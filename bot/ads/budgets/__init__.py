"""How much each ad gets today."""
