"""Launch: proxies that sessiontap starts for a user, and what a command must know to go through one."""
