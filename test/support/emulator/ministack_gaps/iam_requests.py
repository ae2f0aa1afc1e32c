"""The action, resource and condition keys of requests that MiniStack evaluates differently from AWS.

- ECS: MiniStack evaluates every call on its cluster. AWS evaluates RunTask on the task definition, StopTask on the task
  and so on, with the cluster as the condition key `ecs:cluster`. Of several resources in one call, only the first is
  evaluated here.
  https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
- RunTask requires `iam:PassRole` on the task's roles. MiniStack does not check it.
- ECR: DescribeRepositories names its repositories in a list, which MiniStack does not read.
- CloudWatch: PutMetricData has the condition key `cloudwatch:namespace`, which MiniStack omits.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
"""

import json

from ministack import app
from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, enforce
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.core.router import extract_access_key_id
from ministack.services import ecs


def _json(body):
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def _arn(kind, *names):
    return f"arn:aws:ecs:{get_region()}:{get_account_id()}:{kind}/{'/'.join(names)}"


def _first(request, member):
    return (request.get(member) or [""])[0]


def _cluster_name(request):
    return (request.get("cluster") or "default").rsplit("/", 1)[-1]


def _in_cluster(kind, reference, request):
    """The ARN of a task or service, which may be given as its ARN, or as its name in the request's cluster."""
    return reference if reference.startswith("arn:") else _arn(kind, _cluster_name(request), reference)


def _task_definition(request):
    found = ecs._task_defs.get(ecs._resolve_td_key(request.get("taskDefinition", "")))
    return found or {"taskDefinitionArn": _arn("task-definition", request.get("taskDefinition", ""))}


# By action. All others have no resource-level permissions that matter here, and are evaluated on `*`.
_ECS_RESOURCES = {
    "RunTask": lambda r: _task_definition(r)["taskDefinitionArn"],
    "StopTask": lambda r: _in_cluster("task", r.get("task", ""), r),
    "DescribeTasks": lambda r: _in_cluster("task", _first(r, "tasks"), r),
    "DescribeServices": lambda r: _in_cluster("service", _first(r, "services"), r),
    "CreateService": lambda r: _in_cluster("service", r.get("serviceName", ""), r),
    "UpdateService": lambda r: _in_cluster("service", r.get("service", ""), r),
    "DeleteService": lambda r: _in_cluster("service", r.get("service", ""), r),
    "DescribeClusters": lambda r: _arn("cluster", (_first(r, "clusters") or "default").rsplit("/", 1)[-1]),
    "DeleteCluster": lambda r: _arn("cluster", _cluster_name(r)),
    "TagResource": lambda r: r.get("resourceArn", "*"),
}


def _patched_resource(extract):
    def extract_resource_arn(service, method, path, headers, body, *args):
        repository = _first(_json(body), "repositoryNames") if service == "ecr" else ""
        if repository:
            return f"arn:aws:ecr:{get_region()}:{get_account_id()}:repository/{repository}"
        if service != "ecs":
            return extract(service, method, path, headers, body, *args)
        resource = _ECS_RESOURCES.get(headers.get("x-amz-target", "").split(".")[-1])
        return resource(_json(body)) if resource else "*"

    return extract_resource_arn


def _patched_context(context):
    def request_context(service, iam_action, body, params):
        keys = context(service, iam_action, body, params)
        if service == "ecs" and "cluster" in _json(body):
            keys["ecs:cluster"] = _arn("cluster", _cluster_name(_json(body)))
        if iam_action == "cloudwatch:PutMetricData":
            namespace = params.get("Namespace") or _json(body).get("Namespace")
            keys["cloudwatch:namespace"] = namespace[0] if isinstance(namespace, list) else namespace
        return keys

    return request_context


def _role_not_passed(headers, query_params, request):
    """The response that denies iam:PassRole on one of the roles of a RunTask, or None."""
    definition, overrides = _task_definition(request), request.get("overrides") or {}
    for kind in ("taskRoleArn", "executionRoleArn"):
        role = overrides.get(kind) or definition.get(kind)
        if not role:
            continue
        context = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        key = extract_access_key_id(headers, query_params)
        denied = enforce(key, "iam:PassRole", "iam", get_region(), resource_arn=role, service_context=context)
        if denied and not isinstance(denied, AuthError):
            return iam_actions.access_denied_response(
                "ecs", "iam:PassRole", denied.principal_arn, new_uuid(), headers=headers, resource_arn=role
            )
    return None


def _patched_handler(handle):
    async def handle_request(method, path, headers, body, query_params):
        if app.AUTH and headers.get("x-amz-target", "").endswith(".RunTask"):
            denied = _role_not_passed(headers, query_params, _json(body))
            if denied:
                return denied
        return await handle(method, path, headers, body, query_params)

    return handle_request


def patch():
    iam_actions.extract_resource_arn = _patched_resource(iam_actions.extract_resource_arn)
    iam_actions.request_tag_context = _patched_context(iam_actions.request_tag_context)
    app.SERVICE_HANDLERS["ecs"] = _patched_handler(app.SERVICE_HANDLERS["ecs"])
