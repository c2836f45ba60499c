"""Who may use which site: superusers all, other staff those of their SitePermission."""

from django.contrib.sites.models import Site


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
