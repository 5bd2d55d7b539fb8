"""Changes of ad accounts and staff commands, stored before they are carried out."""
