"""Ad tests: new ads with a small budget and a day of judgement."""
