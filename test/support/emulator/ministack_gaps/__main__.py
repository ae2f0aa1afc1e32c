"""MiniStack with patches. Each module fills one gap, which its docstring describes.

They patch private functions of the version that requirements.txt pins. Exits when stdin is closed, so that it never
outlives the process that started it.
"""

import os
import signal
import sys
import threading

from ministack import app

import iam_requests
import lambda_errors
import missing_services
import task_containers
import task_credentials
import task_events
import task_requests
import task_stop

for gap in (
    iam_requests,
    lambda_errors,
    missing_services,
    task_containers,
    task_credentials,
    task_requests,
    task_stop,
    task_events,
):
    gap.patch()

# With TLS it would also serve port 443 if that is free, which is not ours to take.
app._port_is_bindable = lambda *_: False


def end_with_stdin():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_stdin, daemon=True).start()
app.main()
