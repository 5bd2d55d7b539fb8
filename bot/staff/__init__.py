"""Staff commands and questions in WhatsApp."""
