"""Views of which each makes a page private in its own way, and some that are public."""

import json
import uuid

from django.conf import settings as project_settings
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.template import engines
from django.urls import include, path
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language
from django.views.decorators.vary import vary_on_headers
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Page, RichTextPage


def site_of_the_test(get_response):
    """A middleware that decides for the site and the source that a test wants."""

    def middleware(request):
        request.site_id = getattr(request, "site_id", 1)
        request.site_source = dict.get(request.META, "SITE_SOURCE", "host")
        return get_response(request)

    return middleware


def reading_a_cookie(get_response):
    """A middleware that makes each page private before its view is reached."""

    def middleware(request):
        request.COOKIES.get("theme")
        return get_response(request)

    return middleware


def answer(body="<p>A page</p>", **headers):
    return HttpResponse(body, headers={name.replace("_", "-"): headers[name] for name in headers})


def template(request, source):
    return HttpResponse(engines["django"].from_string(source).render({}, request))


def variable(request, name):
    return template(request, "{" + "{ " + name + " }" + "}")


def setting_a_cookie(request):
    response = answer()
    response.set_cookie("theme", "dark")
    return response


def writing_the_session(request):
    request.session["seen"] = True
    return answer()


def adding_a_message(request):
    messages.info(request, "Hello you")
    return answer()


def content(request):
    """Show what is in some tables, of all sites with ?all, and whether it was made anew."""
    pages = (Page._base_manager if "all" in request.GET else Page.objects).values_list()
    related = BlogPost.related_posts.through.objects.values_list()
    rows = [*pages.order_by("pk"), *RichTextPage.objects.values_list().order_by("pk"), *related]
    return answer(f"{uuid.uuid4().hex} {rows}")


CSRF_COOKIE = project_settings.CSRF_COOKIE_NAME


ONE_VISITORS = {
    "reads a cookie": lambda request: answer(request.COOKIES.get("theme", "light")),
    "asks whether there is a cookie": lambda request: answer(str("theme" in request.COOKIES)),
    "reads all cookies": lambda request: answer(str(dict(request.COOKIES))),
    "prints all cookies": lambda request: variable(request, "request.COOKIES"),
    "writes all cookies as JSON": lambda request: answer(json.dumps(request.COOKIES)),
    "asks whether there are cookies": lambda request: answer(str(bool(request.COOKIES))),
    "shows the token's secret": lambda request: answer(request.META.get("CSRF_COOKIE", "none")),
    "reads the token's cookie": lambda request: answer(request.COOKIES.get(CSRF_COOKIE, "none")),
    "sets a cookie": setting_a_cookie,
    "reads a header": lambda request: answer(request.META.get("HTTP_X_FORWARDED_HOST", "none")),
    "reads a header by its name": lambda request: answer(request.headers.get("User-Agent", "")),
    "reads the raw environment": lambda request: answer(request.environ.get("HTTP_REFERER", "")),
    "copies all headers": lambda request: answer(str(len(request.META.copy()))),
    "shows the referrer": lambda request: variable(request, "request.META.HTTP_REFERER"),
    "looks at the address of the visitor": lambda request: answer(request.META["REMOTE_ADDR"]),
    "asks which types are accepted": lambda request: answer(str(request.accepts("text/html"))),
    "reads the session": lambda request: answer(request.session.get("seen", "no")),
    "writes the session": writing_the_session,
    "uses a token": lambda request: template(request, "{% csrf_token %}"),
    "adds a message": adding_a_message,
    "sets a cookie by a header": lambda request: answer(Set_Cookie="theme=dark"),
    "empties the browser": lambda request: answer(Clear_Site_Data='"cookies"'),
    "is private": lambda request: answer(Cache_Control="private"),
    "is not to be stored": lambda request: answer(Cache_Control="no-store"),
    "expires by itself": lambda request: answer(Expires="Thu, 01 Jan 2032 00:00:00 GMT"),
    "says how long NGINX keeps it": lambda request: answer(X_Accel_Expires="600"),
    "varies": vary_on_headers("X-Requested-With")(lambda request: answer()),
    "varies by cookie": vary_on_headers("Cookie")(lambda request: answer()),
    "is JSON": lambda request: HttpResponse("{}", content_type="application/json"),
    "is a part": lambda request: HttpResponse("part", status=206),
    "is missing": lambda request: HttpResponse("missing", status=404),
    "is elsewhere": lambda request: HttpResponse(status=302, headers={"Location": "/"}),
    "is broken": lambda request: HttpResponse("broken", status=500),
    "is a stream": lambda request: StreamingHttpResponse(["a", "b"]),
}

urlpatterns = [
    *[path(f"{name.replace(' ', '-')}/", view) for name, view in ONE_VISITORS.items()],
    path("public/", lambda request: answer(uuid.uuid4().hex)),
    path("content/", content),
    path("body/", lambda request: answer("" if request.method == "HEAD" else "A body")),
    path("learned/", lambda request: answer(str(getattr(request, "learned", "nothing")))),
    path("user/", lambda request: answer(f"{request.user.is_authenticated}")),
    path("type/", lambda request: answer(f"{request.content_type}{request.content_params}")),
    path("json/", lambda request: answer(json.dumps({"parameters": request.GET}))),
    path("language/", lambda request: answer(f"{get_language()} {get_current_timezone_name()}")),
    path("query/", lambda request: answer(str(request.GET))),
    path("link/", lambda request: answer(request.build_absolute_uri("/"))),
    path("", include("project_urls")),
]
handler403 = "theme.views.permission_denied"
handler404 = "page_cache.missing.page_not_found"


def is_marked(response):
    """Return whether NGINX may keep it."""
    return response["X-Accel-Expires"] != "0"
