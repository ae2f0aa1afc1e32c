"""Parts of a task definition that MiniStack does not pass on to containers.

- `entryPoint`, `user`, `workingDirectory`, `readonlyRootFilesystem`, `linuxParameters.initProcessEnabled`.
- `mountPoints` on volumes without a host path, which are the only ones that Fargate has. Each container gets a new
  volume: containers of one task do not share them here.
- The environment that Fargate gives a container, and an endpoint that it can reach (MiniStack gives it a host name of
  Docker Desktop, and http even if it serves https).
- Waiting for exits: MiniStack inspects every container ten times a second.
"""

import os
import threading

from docker.types import Mount
from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_region, request_scope
from ministack.services import ecs


def _environment(env):
    env = {**env, "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE", "AWS_REGION": get_region(), "AWS_DEFAULT_REGION": get_region()}
    ministack_own = f"http://host.docker.internal:{os.environ['GATEWAY_PORT']}"
    env = {name: value.replace(ministack_own, os.environ["AWS_ENDPOINT_URL"]) for name, value in env.items()}
    if "NODE_EXTRA_CA_CERTS" in os.environ:
        env["NODE_EXTRA_CA_CERTS"] = os.environ["NODE_EXTRA_CA_CERTS"]
    return env


def _camel(value):
    """Keys in camel case: the CloudFormation part of MiniStack keeps some as the template spells them."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(member) for name, member in value.items()}
    return [_camel(member) for member in value] if isinstance(value, list) else value


def _mounts(definition, task_definition):
    volumes = _camel(task_definition.get("volumes", []))
    anonymous = {volume["name"] for volume in volumes if not (volume.get("host") or {}).get("sourcePath")}
    return [
        Mount(point["containerPath"], None, type="volume", read_only=point.get("readOnly", False))
        for point in definition.get("mountPoints", [])
        if point["sourceVolume"] in anonymous
    ]


def _patched_kwargs(build):
    def kwargs(definition, task_definition, env, *args):
        built = build(definition, task_definition, _environment(env), *args)
        built["mounts"] = _mounts(definition, task_definition)
        built["init"] = bool(_camel(definition.get("linuxParameters") or {}).get("initProcessEnabled"))
        # Containers are processes of this machine, whatever their architecture.
        built.pop("platform", None)
        for ours, theirs in (
            ("entrypoint", "entryPoint"),
            ("user", "user"),
            ("working_dir", "workingDirectory"),
            ("read_only", "readonlyRootFilesystem"),
        ):
            if definition.get(theirs):
                built[ours] = definition[theirs]
        return built

    return kwargs


def _watch(original):
    def watch(task, docker_client, account_id, region):
        arn = task["taskArn"]

        def wait_for(container_id):
            with request_scope(account_id, region):
                # No timeout: a task may run for days.
                docker_client.api.wait(container_id, timeout=None)
                ecs._maybe_mark_stopped(task, docker_client)

        for container_id in list(task.get("_docker_ids") or []):
            threading.Thread(target=wait_for, args=(container_id,), daemon=True, name=f"watch-{arn[-8:]}").start()
        # As in the original, except for its polling: completes the deployment of a service.
        group, cluster = task.get("group", ""), ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        if cluster and group.startswith("service:"):
            key = f"{cluster}/{group.split(':', 1)[1]}"
            ecs._schedule_service_deployment_completion(cluster, key, account_id, region, healthy_task=task)

    return watch


def patch():
    ecs._build_run_kwargs = _patched_kwargs(ecs._build_run_kwargs)
    ecs._watch_task_lifecycle = _watch(ecs._watch_task_lifecycle)
