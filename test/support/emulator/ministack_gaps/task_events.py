"""`ECS Task State Change` events on the default event bus: MiniStack publishes none.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

import copy
import json

from ministack.services import ecs, eventbridge


def _publish(task):
    # Delivery is best effort, as on AWS: a failure must not affect the task.
    try:
        entry = {
            "Source": "aws.ecs",
            "DetailType": "ECS Task State Change",
            "Resources": [task["taskArn"]],
            "Detail": json.dumps(ecs._sanitize(copy.deepcopy(task)), default=str),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        ecs.logger.exception("event of %s", task["taskArn"])


def _patched(mark):
    def marked(task_arn, task, *args, **kwargs):
        changed = mark(task_arn, task, *args, **kwargs)
        if changed:
            _publish(task)
        return changed

    return marked


def patch():
    for name in ("_mark_task_pending", "_mark_task_activating", "_mark_task_running", "_mark_task_stopped"):
        setattr(ecs, name, _patched(getattr(ecs, name)))
