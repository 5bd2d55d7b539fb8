"""From a text to what the customer means: topics, interests, answers to a quote, what a message teaches."""
