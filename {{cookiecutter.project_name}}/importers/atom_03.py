"""Atom 0.3, of 2003, in the words of Atom 1.0."""

from .reading import of_base64

ATOM_1 = "{http://www.w3.org/2005/Atom}"
ATOM_03 = "{http://purl.org/atom/ns#}"
NAMES = {"issued": "published", "modified": "updated", "tagline": "subtitle"}
TEXTS = ("content", "summary", "title")


def renewed(root):
    """Return a feed, with what is of Atom 0.3 in it as Atom 1.0 has it."""
    for node in root.iter():
        if node.tag.startswith(ATOM_03):
            name = node.tag.removeprefix(ATOM_03)
            node.tag = f"{ATOM_1}{NAMES.get(name, name)}"
            if name in TEXTS:
                renew_text(node)
    return root


def renew_text(node):
    """Let the type of a text say what its mode said: markup as XML, escaped, or in base64."""
    mode, kind = node.get("mode", "xml"), node.get("type", "text/plain").lower()
    if mode == "xml" and len(node):
        node.set("type", "xhtml")
    elif "html" in kind:
        node.set("type", "html")
    if mode == "base64" and node.get("type") in ("html", "text/plain", None):
        node.text = of_base64(node.text or "", "text")
