"""The check of every text that leaves: nothing that is not true of the shop may be promised."""
