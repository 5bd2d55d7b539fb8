"""The message queue: worker, outbox, jobs. Only delivery sends."""
