"""The queue: takes messages in, has each turn handled, sends what is due. Only delivery sends."""
