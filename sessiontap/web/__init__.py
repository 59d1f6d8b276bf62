"""Web: the sessions as pages, for one person on this machine. Flask, templates, a little plain JavaScript."""
