"""What NGINX asks about a visitor before it shows an upload or reads one: 204 for yes, else 403.

It asks with auth_request, below /.nginx/, where nobody else can: see deploy/nginx.conf.template.
"""

from django.http import HttpResponse

from .hosts import hosts

PREFIX = "/.nginx/"


def answer(is_allowed):
    return HttpResponse(status=204 if is_allowed else 403)


def may_see(request):
    """Are these uploads, whose site NGINX names, of the host, or of the site that staff chose?"""
    sites = {request.site_id, hosts.find(request.get_host())}
    return answer(request.META.get("HTTP_X_UPLOADS_OF") in {str(site_id) for site_id in sites})


def may_send(request):
    """Is it staff who want to send more than a visitor may?"""
    return answer(request.user.is_active and request.user.is_staff)
