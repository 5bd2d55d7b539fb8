"""Who someone is and what is known of them."""
