"""Staff read and change what their rights say, and nothing else, at no address of the admin.

Whoever has more rights is never refused what one of them allows. So a right for one kind of content
opens nothing of another if all rights but those for the other do not; what remains to be tried of
each single right is its own kind.
"""

import pytest
from admin_walk import about, client_of, done, make_site, requests, tables, text_of, word_of
from django.contrib import admin
from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db.models.deletion import Collector
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import FormEntry
from mezzanine.generic.models import Keyword

pytestmark = pytest.mark.usefixtures(
    "plain_refusals", "mezzanines_base", "mezzanines_defaults", "in_english"
)

ONE, TWO = "aardvark.example", "butterfly.example"
REGISTERED = {model._meta.label_lower: model for model in admin.site._registry}
RIGHTS = [
    pytest.param(model, act, id=f"{label}-{act}")
    for label, model in REGISTERED.items()
    for act in model._meta.default_permissions
]
# What the admin does not offer, not even to a superuser; a comment is removed, not deleted.
NOT_OFFERED = {
    "conf.setting": {"change"},  # a setting that is saved for the first time is added
    "generic.threadedcomment": {"add"},
    "homepage.section": {"add"},
    "mail.queuedmail": {"add", "change"},
    "visitors.visitor": {"add", "change", "delete"},
}
# What is done or seen beside the rows of a kind: settings are added when they are first saved, a
# comment is named by what it is about, a visitor by the account. Entries have rights of their own.
ALSO_DONE = {("conf.setting", "change"): "add"}
ALSO_SEEN = {"generic.threadedcomment": [BlogPost], "visitors.visitor": [get_user_model()]}
PARTS = {"forms.form": FormEntry}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, media_root):
    """Two sites with a row of each kind: {domain: (site, rows by model)}."""
    with django_db_blocker.unblock():
        users, groups = get_user_model().objects, Group.objects
        before = {*users.values_list("pk", flat=True)}, {*groups.values_list("pk", flat=True)}
        yield {domain: make_site(domain) for domain in (ONE, TWO)}
        for domain in (ONE, TWO):
            call_command("removesite", domain, force=True, verbosity=0)
        for rows, known in zip((users, groups), before, strict=True):
            rows.exclude(pk__in=known).delete()


@pytest.fixture
def plain_refusals(settings, db):
    settings.ROOT_URLCONF = "admin_walk_urls"


@pytest.fixture
def superuser(world, plain_refusals):
    """Return a function that makes a client of a site's superuser."""
    return lambda domain: client_of(
        get_user_model().objects.get(username="admin"), world[domain][0]
    )


@pytest.fixture(scope="module")
def known():
    """What was found for a site, for the tests that follow."""
    return {}


@pytest.fixture
def asked(world, known, superuser):
    """Return a function that lists what can be asked about the rows of a site."""

    def of_site(domain):
        if domain not in known:
            known[domain] = requests(superuser(domain), world[domain][1])
        return known[domain]

    return of_site


@pytest.fixture
def employ(world):
    """Return a function that makes staff of the first site with those permissions; a client."""

    def employ(permissions):
        user = get_user_model().objects.create_user("somebody", password="x", is_staff=True)
        user.user_permissions.set(permissions)
        SitePermission.objects.create(user=user).sites.set([world[ONE][0]])
        return client_of(user, world[ONE][0])

    return employ


def of(model):
    """Return the permissions for a model, a QuerySet."""
    names = [
        get_permission_codename(act, model._meta) for act in ("view", "add", "change", "delete")
    ]
    label = model._meta.app_label
    return Permission.objects.filter(content_type__app_label=label, codename__in=names)


def family(model, rows):
    """Return a model, those whose rows are a part of its own, and those of which its are a part."""
    kinds = [kind for kind in rows if issubclass(kind, model)]
    return [model, *model._meta.get_parent_list(), *kinds]


def words(site, models, text):
    """Return which of those models have their word in a text."""
    return [model._meta.label for model in models if word_of(site, model) in text]


def walk(client, requests):
    """Yield each request with its answer, and what was done to rows."""
    before = tables()
    for request in requests:
        answer, changes = done(client, request, before)
        assert answer.status_code < 500, request
        yield request, answer, changes


def test_the_walk_does_what_the_admin_offers(world, asked, superuser):
    """Most of it: a form may want more than is known here, such as a field of the project's own."""
    offered = {
        (act, label)
        for label, model in REGISTERED.items()
        for act in {"add", "change", "delete"} - NOT_OFFERED.get(label, set())
        if model in world[ONE][1]
    }
    sent = [request for request in asked(ONE) if request[0] == "post"]
    did = {each[:2] for _, _, changes in walk(superuser(ONE), sent) for each in changes}
    assert len(offered - did) < len(offered) / 10, offered - did


def test_without_a_right_nothing_is_shown_or_done(world, asked, employ):
    site, rows = world[ONE]
    for request, answer, changes in walk(employ([]), asked(ONE)):
        assert changes == set(), request
        assert words(site, rows, text_of(answer)) == [], request


@pytest.mark.parametrize("label", REGISTERED)
def test_all_other_rights_open_nothing_of_a_kind(world, asked, employ, label):
    site, model = world[ONE][0], REGISTERED[label]
    own = of(model) | of(PARTS.get(label, model))
    client = employ(Permission.objects.exclude(pk__in=own))
    for request, answer, changes in walk(client, about(model, asked(ONE))):
        assert {each for each in changes if each[1] == label} == set(), request
        assert words(site, [model], text_of(answer)) == [], request


@pytest.mark.parametrize(("model", "act"), RIGHTS)
def test_a_single_right_allows_what_it_says(world, asked, employ, model, act):
    site, rows = world[ONE]
    own = {each._meta.label_lower for each in family(model, rows)}
    right = of(model).filter(codename=get_permission_codename(act, model._meta))
    others = {*rows} - seen_with(model, act, rows)
    for request, answer, changes in walk(employ(right), about(model, asked(ONE))):
        for did, label, _, _ in changes:
            own_act = did in (act, ALSO_DONE.get((label, act)))
            assert own_act if label in own else act != "view", (request, label)
            assert label in own or label not in REGISTERED or act == "delete", (request, label)
        assert words(site, others, text_of(answer)) == [], request


def seen_with(model, act, rows):
    """Return the models, a set, of what a form names: what a row is linked with, or takes along."""
    seen = {*family(model, rows), *ALSO_SEEN.get(model._meta.label_lower, [])}
    for field in model._meta.get_fields():
        if field.related_model and not field.auto_created:
            seen |= {field.related_model, *({Keyword} & linked(field.related_model))}
    if act == "delete" and model in rows:
        collector = Collector(using="default")
        collector.collect([rows[model]])
        seen |= {*collector.data, *(rows.model for rows in collector.fast_deletes)}
    return seen


def linked(model):
    return {field.related_model for field in model._meta.get_fields()}


def test_no_right_on_one_site_reaches_another(world, asked, employ):
    site, rows = world[TWO]
    theirs = {(model._meta.label_lower, row.pk) for model, row in rows.items()}
    told = {*rows} - {get_user_model(), Group}  # who is on all sites
    for request, answer, changes in walk(employ(Permission.objects.all()), asked(TWO)):
        reached = {each for each in changes if each[1:3] in theirs or each[3] == site.pk}
        assert reached == set(), request
        assert words(site, told, text_of(answer)) == [], request
