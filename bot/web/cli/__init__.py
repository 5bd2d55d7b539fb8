"""Commands for the person who runs the program: `flask --app app …`."""
