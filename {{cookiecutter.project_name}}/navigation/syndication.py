"""Feeds of the blog, without the characters that XML cannot have."""

import re

from django.utils import feedgenerator

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # as Word and PDF have them in what is pasted


class Generator(feedgenerator.SimplerXMLGenerator):
    def characters(self, content):
        super().characters(CONTROL.sub("", content))


def install():
    feedgenerator.SimplerXMLGenerator = Generator
