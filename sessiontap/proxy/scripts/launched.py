"""The second script of a mitmdump that was started by `sessiontap.launch`: see `Launched`."""

from sessiontap.proxy.launched import launched

addons = [launched()]
