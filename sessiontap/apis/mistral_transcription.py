"""mistral.transcription: speech to text, plain and streamed, billed by the length of the sound.

https://docs.mistral.ai/api/endpoint/audio/transcriptions
"""

from __future__ import annotations

from functools import partial

from sessiontap.apis.one_reply import OneReplyReader
from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, plain_request

MISTRAL_TRANSCRIPTION = Api(
    name="mistral.transcription",
    operation="transcription",
    reader=partial(OneReplyReader, "text", read_usage),
    read_request=plain_request,
)
