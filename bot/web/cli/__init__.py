"""Terminal commands for the operator: `flask --app app …`."""
