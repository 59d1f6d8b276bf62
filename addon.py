from sessiontap.proxy.addon import SessionTap

addons = [SessionTap()]
