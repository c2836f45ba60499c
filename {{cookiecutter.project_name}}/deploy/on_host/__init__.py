"""The program that runs on a server: its commands are in __main__.py.

It is sent as one zip file (deploy/program.py) and uses the standard library of Debian's Python
alone. What needs Django is in in_release/ and runs with the Python of a release.
"""
