"""A script for a mitmdump that stands for providers: see `sessiontap.launch.node`."""

from sessiontap.proxy.base_urls import BaseUrls

addons = [BaseUrls()]
