from mezzanine.conf import register_setting

register_setting(
    name="AUTHORS_BOOKS_PER_PAGE",
    label="Authors books per page",
    description="The number of books to show per author page.",
    editable=True,
    default=10,
)
register_setting(
    name="AUTHORS_MOTTO",
    label="Motto",
    description="What is shown below each author.",
    editable=True,
    default="Read",
    choices=[("Read", "Read"), ("Write", "Write")],
)
register_setting(name="TEMPLATE_ACCESSIBLE_SETTINGS", append=True, default=("AUTHORS_MOTTO",))
