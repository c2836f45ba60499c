"""Addresses that begin with a setting: BLOG_SLUG."""

from django.urls import reverse

BLOG = reverse("blog_post_list")
POST = reverse("blog_post_detail", args=["hello"])  # of createdb
