"""Settings of Mezzanine, by name: which test tries what its documentation promises."""

PROMISED = {}

START = "test_settings_of_the_start.py"
ELSEWHERE = {
    "ACCOUNTS_APPROVAL_EMAILS": "mail_of_visitors/test_mail_accounts.py",
    "ACCOUNTS_APPROVAL_REQUIRED": "mail_of_visitors/test_mail_accounts.py",
    "ACCOUNTS_VERIFICATION_REQUIRED": "mail_of_visitors/test_mail_accounts.py",
    "BLOG_SLUG": "test_page_addresses.py",
    "BLOG_URLS_DATE_FORMAT": "test_old_addresses_of_posts.py",
    "COMMENT_FORM_CLASS": "test_page_cache_forms.py",
    "FORMS_UPLOAD_ROOT": "test_visitors_data.py",
    "HOST_THEMES": "test_per_site.py",
    "MEDIA_LIBRARY_PER_SITE": "test_pictures.py",
    "ACCOUNTS_NO_USERNAME": START,
    "ACCOUNTS_PROFILE_FORM_EXCLUDE_FIELDS": START,
    "ACCOUNTS_PROFILE_VIEWS_ENABLED": START,
    "ADMIN_REMOVAL": START,
    "BLOG_USE_FEATURED_IMAGE": START,
    "COMMENTS_USE_RATINGS": START,
    "FORMS_EXTRA_FIELDS": START,
    "FORMS_EXTRA_WIDGETS": START,
    "FORMS_USE_HTML5": START,
    "PAGE_MENU_TEMPLATES": START,
    "PAGE_MENU_TEMPLATES_DEFAULT": START,
    "RATINGS_RANGE": START,
    "UPLOAD_TO_HANDLERS": START,
}

WITHOUT = {  # a reason; README tells users of those that do nothing here
    "ACCOUNTS_PROFILE_MODEL": "a model of the project",
    "BITLY_ACCESS_TOKEN": "bit.ly closed that API; no page asks for short addresses",
    "CACHE_SET_DELAY_SECONDS": "of Mezzanine's page cache, which is left out",
    "EMAIL_FAIL_SILENTLY": "no page fails with a mail: mail/",
    "EXTRA_MODEL_FIELDS": "read when Mezzanine is imported",
    "FORMS_FIELD_MAX_LENGTH": "read when Mezzanine is imported",
    "JQUERY_FILENAME": "a name of a file of Mezzanine",
    "JQUERY_UI_FILENAME": "a name of a file of Mezzanine",
    "NEVERCACHE_KEY": "of Mezzanine's page cache, which is left out",
    "SITE_PREFIX": "read when Mezzanine is imported",
    "SSL_ENABLED": "NGINX redirects; SSLRedirectMiddleware is left out",
    "SSL_FORCED_PREFIXES_ONLY": "as SSL_ENABLED",
    "SSL_FORCE_HOST": "as SSL_ENABLED",
    "SSL_FORCE_URL_PREFIXES": "as SSL_ENABLED",
    "USE_MODELTRANSLATION": "read when Mezzanine is imported",
}


def promise(*names):
    """Mark a test as the one that tries those settings."""

    def mark(test):
        PROMISED.update(dict.fromkeys(names, test.__name__))
        return test

    return mark


def shout(text):
    """Stand for a function of the project that a setting names."""
    return text.upper()


def is_spam(request, form, url):
    return True
