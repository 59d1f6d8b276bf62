"""openai.embeddings, and the reranking of those who answer it in the same way.

https://platform.openai.com/docs/api-reference/embeddings
https://docs.voyageai.com/reference/reranker-api
"""

from __future__ import annotations

from functools import partial

from sessiontap.apis.one_reply import OneReplyReader
from sessiontap.apis.openai_usage import read_input_usage
from sessiontap.apis.reading import Api, plain_request
from sessiontap.apis.stated_cost import facts_of_headers

EMBEDDINGS = Api(
    name="openai.embeddings",
    operation="embeddings",
    reader=partial(OneReplyReader, "data", read_input_usage),
    read_request=plain_request,
    read_headers=facts_of_headers,
)

# Voyage answers `data`, Together and Fireworks `results`; all bill the tokens.
VOYAGE_RERANK = Api(
    name="voyage.rerank",
    operation="rerank",
    reader=partial(OneReplyReader, ("data", "results"), read_input_usage),
    read_request=plain_request,
)
