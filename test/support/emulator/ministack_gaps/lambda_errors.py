"""The error types of failed Lambdas, which state machines match. MiniStack gives all of them the same type.

- The type of a thrown error is its `name`: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
- The type of a process that exits without a response is `Runtime.ExitError`.
"""

import threading

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_THROWN = "trace: err.stack"
_NO_ANSWER = ("Worker process died", "Worker returned no response", "No JSON response from worker")
# Per thread: a worker responds in the thread of the invocation.
_last = threading.local()


def _type_of(answer):
    if answer.get("status") == "ok":
        return None
    if str(answer.get("error", "")).startswith(_NO_ANSWER):
        return "Runtime.ExitError"
    return answer.get("name")


def _patched_invoke(invoke):
    def wrapper(*args, **kwargs):
        answer = invoke(*args, **kwargs)
        _last.error_type = _type_of(answer)
        return answer

    return wrapper


def _patched_execute(execute):
    def wrapper(*args, **kwargs):
        _last.error_type = None
        result = execute(*args, **kwargs)
        body = result.get("body")
        if _last.error_type and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            body["errorType"] = _last.error_type
        return result

    return wrapper


def patch():
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    assert _THROWN in script, "MiniStack's Node worker has changed"
    lambda_runtime._NODEJS_WORKER_SCRIPT = script.replace(_THROWN, f"name: err.name, {_THROWN}")
    lambda_runtime.Worker.invoke = _patched_invoke(lambda_runtime.Worker.invoke)
    lambda_svc._execute_function_warm = _patched_execute(lambda_svc._execute_function_warm)
