"""Credentials of a task's role, as the ECS agent serves them.

MiniStack gives every container a credentials address, but serves random keys there, which its own IAM refuses. Here the
address serves a session of the task definition's `taskRoleArn` to requests with the container's token, and a task
without a role has no such address, as on AWS.
"""

import hmac
import secrets
import time

from ministack.core.responses import get_account_id, json_response
from ministack.services import ecs, imds, sts

# As on ECS. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
SESSION_SECONDS = 6 * 3600
_ADDRESS, _TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"

# Credentials id (the last part of the address) -> token, role ARN, session name, account.
_containers = {}


def _session(role_arn, name, account):
    role = role_arn.rsplit("/", 1)[-1]
    access_key = f"ASIA{secrets.token_hex(8).upper()}"
    expires = time.time() + SESSION_SECONDS
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "UserId": f"{role}:{name}",
        "SecretAccessKey": secrets.token_hex(20),
        "SessionToken": secrets.token_hex(32),
        "Expiration": expires,
    }
    sts.register_session(access_key, session)
    return {
        "RoleArn": role_arn,
        "AccessKeyId": access_key,
        "SecretAccessKey": session["SecretAccessKey"],
        "Token": session["SessionToken"],
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires)),
    }


def _patched_register(register):
    def register_metadata(task_arn, cluster_arn, task_definition, definition, launch_type, env, *args):
        token = register(task_arn, cluster_arn, task_definition, definition, launch_type, env, *args)
        task = ecs._tasks.get(task_arn) or {}
        role = (task.get("overrides") or {}).get("taskRoleArn") or task_definition.get("taskRoleArn")
        address, secret = env.pop(_ADDRESS), env.pop(_TOKEN)
        if role:
            env.update({_ADDRESS: address, _TOKEN: secret})
            _containers[address.rsplit("/", 1)[-1]] = (secret, role, task_arn.rsplit("/", 1)[-1], get_account_id())
        return token

    return register_metadata


def _patched_handle(handle):
    async def handle_request(method, path, headers, body, query_params):
        if method.upper() != "GET" or not path.startswith("/v2/credentials/"):
            return await handle(method, path, headers, body, query_params)
        token, *of_role = _containers.get(path.rsplit("/", 1)[-1], (None,))
        if token is None or not hmac.compare_digest(token, headers.get("authorization", "")):
            return json_response({"code": "InvalidCredentials", "message": "no credentials for this caller"}, 401)
        return json_response(_session(*of_role))

    return handle_request


def patch():
    ecs._register_metadata = _patched_register(ecs._register_metadata)
    imds.handle_request = _patched_handle(imds.handle_request)
