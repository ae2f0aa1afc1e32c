"""Idempotent RunTask with a `clientToken`: a repeated request returns the same tasks, a different one an error.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
"""

import json
import threading

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import ecs

_lock = threading.Lock()
# (account, region, cluster, token) -> (request, ARNs of its tasks)
_begun = {}


def _patched_run(run):
    def run_task(request):
        token = request.get("clientToken")
        if not token:
            return run(request)
        if len(token) > 64:
            return error_response_json("InvalidParameterException", "clientToken must be at most 64 characters.", 400)
        key = (get_account_id(), get_region(), ecs._resolve_cluster_name(request.get("cluster", "default")), token)
        with _lock:
            if key not in _begun:
                answer = run(request)
                if answer[0] == 200:
                    _begun[key] = (request, [task["taskArn"] for task in json.loads(answer[2])["tasks"]])
                return answer
            first, arns = _begun[key]
        if first != request:
            return error_response_json(
                "ConflictException", "The provided clientToken is already in use with a different RunTask request.", 400
            )
        return json_response({"tasks": [ecs._sanitize(ecs._tasks[arn]) for arn in arns], "failures": []})

    return run_task


def patch():
    ecs._run_task = ecs._ACTION_MAP["RunTask"] = _patched_run(ecs._run_task)
