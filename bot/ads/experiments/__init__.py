"""Ad tests: new ads on a small budget until the day their brief names."""
