"""Who may use which site: superusers all, other staff those of their SitePermission; and what they
may give to others: no more than they have."""

from django.contrib.auth.models import Group, Permission
from django.contrib.sites.models import Site
from django.db.models import CASCADE, Q


def may_use(user, site_id):
    """Tell whether the user may edit the site of that ID; it takes a query for staff alone."""
    return user.is_superuser or (user.is_staff and sites_of(user).filter(pk=site_id).exists())


def sites_of(user):
    """Return the sites, a QuerySet, that the user may edit."""
    if not user.is_active or not user.is_staff:
        return Site.objects.none()
    return (
        Site.objects.all() if user.is_superuser else Site.objects.filter(sitepermission__user=user)
    )


def rights_of(user):
    """Return the permissions, a QuerySet, that a user has or would have if the account was open."""
    return Permission.objects.filter(Q(user=user) | Q(group__user=user)).distinct()


def groups_within(user):
    """Return the groups, a QuerySet, that give nothing that the user does not have."""
    beyond = Permission.objects.exclude(pk__in=rights_of(user).values("pk"))
    return Group.objects.exclude(permissions__in=beyond)


def is_within(user, other):
    """Return whether a user has every site and every permission that another has."""
    if user.is_superuser or user == other:
        return True
    sites = Site.objects.filter(sitepermission__user=other).exclude(pk__in=sites_of(user))
    rights = rights_of(other).exclude(pk__in=rights_of(user).values("pk"))
    return not (other.is_superuser or sites.exists() or rights.exists())


def owns_beyond(user, other):
    """Return whether with another account would go what is on a site that the user may not edit."""
    if user.is_superuser:
        return False
    for relation in other._meta.related_objects:
        model = relation.related_model
        goes = getattr(relation, "on_delete", None) is CASCADE
        if goes and any(field.name == "site" for field in model._meta.fields):
            owned = model._base_manager.filter(**{relation.field.name: other})
            if owned.exclude(site__in=sites_of(user)).exists():
                return True
    return False
