"""Replaying: a recorded session sent again. What is to be sent, and when, is found without I/O.

plans = [planned(number, call, bodies.get(call.call_id), changes, DIRECTORY) for number, call in chosen]
order = Order([plan.call for plan in plans], parallel=False)      # which may begin now
body = body_of(plan, bodies.get(plan.call.call_id), changes)      # what is sent
forward = Forward()                                               # new replies in the place of recorded ones

`sending` is the edge: the calls go through a proxy there, which records them as it does any others.
"""
