"""Ad accounts, insights, attribution, learnings."""
