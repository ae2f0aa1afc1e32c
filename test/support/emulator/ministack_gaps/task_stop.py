"""StopTask as on ECS: SIGTERM, then SIGKILL after the container's `stopTimeout`, and the exit code that results.

MiniStack marks a task as stopped at once, with exit code 0, and kills its containers after five seconds.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
"""

import threading

from ministack.core.concurrency import resource_lock
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, request_scope
from ministack.services import ecs

# Fargate's default, in seconds.
STOP_TIMEOUT = 30


def _is_active(task_arn, task):
    """Unlike the original, counts tasks whose desiredStatus is STOPPED until they have stopped."""
    return ecs._tasks.get(task_arn) is task and not task.get("_ecs_resetting") and task.get("lastStatus") != "STOPPED"


def _stop_containers(task, reason, account_id, region):
    with request_scope(account_id, region):
        docker = ecs._get_docker()
        definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
        timeouts = [int(c.get("stopTimeout") or STOP_TIMEOUT) for c in definition.get("containerDefinitions", [])]

        def stop(index, container_id):
            try:
                docker.api.stop(container_id, timeout=timeouts[index] if index < len(timeouts) else STOP_TIMEOUT)
                task["containers"][index]["exitCode"] = docker.api.wait(container_id)["StatusCode"]
            except Exception:
                ecs.logger.exception("StopTask of %s", task["taskArn"])

        stops = [
            threading.Thread(target=stop, args=(index, container_id), daemon=True)
            for index, container_id in enumerate(task["_docker_ids"])
        ]
        for thread in stops:
            thread.start()
        for thread in stops:
            thread.join()
        ecs._mark_task_stopped(task["taskArn"], task, reason, "UserInitiated")
        ecs._cleanup_task_resources(task, docker)


def _stop_task(request):
    cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
    if cluster is None or cluster not in ecs._clusters:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    task = ecs._resolve_task(request.get("task", ""), cluster)
    if not task:
        return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
    reason = request.get("reason") or "Task stopped by user"
    with resource_lock("ecs-task", task["taskArn"]):
        running = task["lastStatus"] == "RUNNING"
        begun = task["lastStatus"] != "STOPPED" and task["desiredStatus"] != "STOPPED"
        if begun and running:
            # STOPPING: the signal is sent, the containers have not exited yet.
            task.update(desiredStatus="STOPPED", lastStatus="STOPPING", stoppingAt=ecs._iso())
            task.update(stoppedReason=reason, stopCode="UserInitiated")
            ecs._bump_task_version(task)
    if begun and running:
        ecs._recount_cluster(cluster)
        ecs._refresh_service_state(cluster, task.get("group", ""))
        args = (task, reason, get_account_id(), get_region())
        threading.Thread(target=_stop_containers, args=args, daemon=True).start()
    elif begun:
        # Its containers are not running yet: the thread that starts them notices this, and removes them.
        ecs._mark_task_stopped(task["taskArn"], task, reason, "UserInitiated")
        ecs._cleanup_task_resources(task, ecs._get_docker())
    return json_response({"task": ecs._sanitize(task)})


def patch():
    ecs._task_is_active = _is_active
    ecs._stop_task = ecs._ACTION_MAP["StopTask"] = _stop_task
