"""Scripts for `mitmdump -s`.

They have a folder of their own, because mitmproxy puts a script's folder on the path of imports, where each
file in it would stand before the library of the same name.
"""
