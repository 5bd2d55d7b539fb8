"""What staff may ask for from their own WhatsApp."""
