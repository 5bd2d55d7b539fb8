"""Tasks for people, in the task list and in Asana."""
