"""Every change of an ad account and every staff order, written down before it is carried out."""
