"""The serverless host: adapters for AWS, and the Lambda entry points, one module for each kind of trigger."""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # What an environment loads before its first invocation stays: to look through it again and again for garbage costs
    # a tenth of the cold start. `cold_start` turns the collector on.
    gc.disable()
    # Pydantic would look through all that is installed for plugins of its own; the bundle has none.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
