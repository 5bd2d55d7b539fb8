"""The message queue: worker, outbox, scheduled jobs. Only delivery sends."""
