"""How gunicorn serves the web part. Threads, because a request is a short wait for the disk."""

import os

from bot.settings import Settings

# PORT may stand in .env, which only the settings read.
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{Settings.from_environment().port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "bot.web.buffering_worker.BufferingWorker"  # no thread waits for a slow client
threads = 16
timeout = 30
graceful_timeout = 30
max_requests = 100_000
max_requests_jitter = 10_000
control_socket_disable = True
# Workers open their own connections; loading before the fork would share them.
preload_app = False


def worker_exit(server: object, worker: object) -> None:
    """Let the all-in-one process finish the turns under way."""
    stop = worker.wsgi.config.get("STOP")  # type: ignore[attr-defined]
    if stop is not None:
        stop()
