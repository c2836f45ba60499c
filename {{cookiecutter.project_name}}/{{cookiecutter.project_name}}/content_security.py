"""Tell browsers what a page may load and run: Content-Security-Policy, of SECURE_CSP.

The setting has the name and the form that it has in Django 6.0. No policy holds a nonce, since a
public page is the same for everybody.
"""

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from mezzanine.conf import settings as site_settings

FRAMES = {"DENY": ["'none'"], "SAMEORIGIN": ["'self'"]}
ANALYTICS = {
    "script-src": ["https://www.googletagmanager.com"],
    "connect-src": [
        "https://www.googletagmanager.com",
        "https://*.google-analytics.com",
        "https://*.analytics.google.com",
    ],
}
DISQUS = {
    "script-src": ["https://*.disqus.com", "https://c.disquscdn.com"],
    "style-src": ["https://c.disquscdn.com"],
    "connect-src": ["https://*.disqus.com"],
}


class ContentSecurityPolicyMiddleware:
    """Stands inside of the page cache, which keeps the header with the page.

    A view that sets the header itself is left alone, and so are the pages of errors while DEBUG.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_debug_page = settings.DEBUG and response.status_code in (404, 500)
        if not response.has_header("Content-Security-Policy") and not is_debug_page:
            policy = policy_for(request, response)
            if frames := FRAMES.get(response.get("X-Frame-Options")):
                policy.setdefault("frame-ancestors", frames)
            response["Content-Security-Policy"] = written(policy)
        return response


def policy_for(request, response):
    """Return the policy, a dict of lists of sources by directive."""
    is_admin = is_in_admin(request.path)
    policy = dict(settings.SECURE_CSP)
    if works_in_admin(request) if is_admin else edits_in_place(request):
        policy |= settings.SECURE_CSP_ADMIN
    is_page = response.get("Content-Type", "").startswith("text/html")
    if is_page and not is_admin and response.status_code < 400:  # an error asks no database
        if site_settings.GOOGLE_ANALYTICS_ID:
            add(policy, ANALYTICS)
        if site_settings.COMMENTS_DISQUS_SHORTNAME:
            add(policy, DISQUS)
    return policy


def is_in_admin(path):
    try:
        return path.startswith(reverse("admin:index"))
    except NoReverseMatch:  # a project without an admin
        return False


def works_in_admin(request):
    """Return whether an address of the admin is asked by staff; others get its log-in at most."""
    return getattr(getattr(request, "user", None), "is_staff", False)


def edits_in_place(request):
    """Return whether the pages of the site have the editor in them, for whoever asks."""
    user = None if getattr(request, "is_public", False) else getattr(request, "user", None)
    return getattr(user, "has_site_permission", False)


def add(policy, more):
    for directive, sources in more.items():
        policy[directive] = [*policy.get(directive, []), *sources]


def written(policy):
    return "; ".join(" ".join([directive, *sources]) for directive, sources in policy.items())
