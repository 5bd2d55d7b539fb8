"""What the ad agent asks of people, in the task list and in Asana."""
