"""Replicate: predictions, made by model, version or deployment, and polled until they have ended."""

from __future__ import annotations

from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="replicate",
        hosts=("api.replicate.com",),
        routes=(
            route(r"/v1/predictions", "replicate.predictions"),
            route(r"/v1/models/(?P<model>[^/]+/[^/]+)/predictions", "replicate.predictions"),
            # The name of a deployment is the user's own; the reply names the model.
            route(r"/v1/deployments/[^/]+/[^/]+/predictions", "replicate.predictions"),
            route(r"/v1/predictions/[^/]+", "replicate.predictions", method="GET", kind="poll"),
            route(r"/v1/predictions/[^/]+/cancel", "replicate.predictions", kind="poll"),
        ),
    ),
)
"""The rows of this family."""
