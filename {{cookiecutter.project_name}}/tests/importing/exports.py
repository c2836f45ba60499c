"""Exports as other programs write them, and what is counted after an import."""

from pathlib import Path

from django.contrib.redirects.models import Redirect
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.generic.models import AssignedKeyword, Keyword, ThreadedComment
from mezzanine.pages.models import Page

EXPORTS = Path(__file__).parent
MODELS = (AssignedKeyword, BlogCategory, BlogPost, Keyword, Page, Redirect, ThreadedComment)


def counts():
    """Return how many rows there are, a dict by model."""
    return {model: model._base_manager.count() for model in MODELS}
