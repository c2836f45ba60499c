"""Certificates that browsers trust, one for each name, ordered on the server by itself.

agent.py runs each minute as a user of its own, NAME-acme. NGINX picks the file of a name at the
handshake, see certificates.js.template, so nothing is reloaded when a certificate comes.
"""
