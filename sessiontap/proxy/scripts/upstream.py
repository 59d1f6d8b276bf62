"""For a mitmdump that goes on through a proxy that wants a user: see `sessiontap.launch.upstream`."""

from sessiontap.proxy.upstream import UpstreamUser

addons = [UpstreamUser()]
