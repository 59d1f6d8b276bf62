"""snowflake.complete: the older of Snowflake Cortex's chat endpoints.

https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api
"""

from __future__ import annotations

from sessiontap.apis.openai_chat import ChatReader
from sessiontap.apis.reading import Api, plain_request

# OpenAI's chunks, but no chunk says that it is the last, and each has the usage so far.
SNOWFLAKE_COMPLETE = Api(
    name="snowflake.complete",
    operation="chat",
    reader=ChatReader,
    read_request=plain_request,
    says_its_end=False,
)
