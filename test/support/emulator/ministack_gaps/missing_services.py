"""Services that MiniStack lacks, with the fixed responses of an unmodified account.

- Service Quotas: the quotas of Fargate On-Demand and Spot vCPUs, with the default that AWS documents for established
  accounts (https://docs.aws.amazon.com/general/latest/gr/ecs-service.html).
- Application Auto Scaling: no scalable targets. Its CloudFormation resources are unknown: leave them out of stacks that
  are deployed here.

The emulator's IAM evaluates these calls like any others.
"""

import json

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

FARGATE_VCPUS = 4000.0
_QUOTAS = {
    "L-3032A538": "Fargate On-Demand vCPU resource count",
    "L-36FBB829": "Fargate Spot vCPU resource count",
}


def _get_service_quota(request):
    code = request.get("QuotaCode")
    if request.get("ServiceCode") != "fargate" or code not in _QUOTAS:
        return error_response_json("NoSuchResourceException", f"The quota {code} does not exist.", 400)
    arn = f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:fargate/{code}"
    return json_response(
        {
            "Quota": {
                "ServiceCode": "fargate",
                "ServiceName": "AWS Fargate",
                "QuotaArn": arn,
                "QuotaCode": code,
                "QuotaName": _QUOTAS[code],
                "Value": FARGATE_VCPUS,
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": False,
            }
        }
    )


def _empty(member):
    return lambda request: json_response({member: []})


# By the service's name in the router, which is also its credential scope and IAM namespace.
_SERVICES = {
    "servicequotas": ("ServiceQuotasV20190624", {"GetServiceQuota": _get_service_quota}),
    "application-autoscaling": (
        "AnyScaleFrontendService",
        {
            "DescribeScalableTargets": _empty("ScalableTargets"),
            "DescribeScalingPolicies": _empty("ScalingPolicies"),
            "DescribeScalingActivities": _empty("ScalingActivities"),
        },
    ),
}


def _handler(actions):
    async def handle(method, path, headers, body, query_params):
        action = headers.get("x-amz-target", "").split(".")[-1]
        if action not in actions:
            return error_response_json("UnknownOperationException", f"{action} is not emulated", 400)
        return actions[action](json.loads(body or b"{}"))

    return handle


def patch():
    for name, (target_prefix, actions) in _SERVICES.items():
        router.SERVICE_PATTERNS[name] = {"target_prefixes": [target_prefix], "credential_scope": name}
        iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = name
        app.SERVICE_HANDLERS[name] = _handler(actions)
