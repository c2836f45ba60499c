"""The form for comments, on a public page."""

from mezzanine.generic.forms import ThreadedCommentForm
from mezzanine.generic.models import ThreadedComment

# Mezzanine sets cookies with name and address, and fills in the form from them. Here the browser
# does that, from what it keeps by itself (comments.js in the theme), and sends them to nobody.
ThreadedCommentForm.cookie_fields = ()


class CommentForm(ThreadedCommentForm):
    """Mezzanine's form, filled in for whoever is logged in."""

    def __init__(self, request, *args, **kwargs):
        user = request.user
        if user.is_authenticated:
            known = {"name": user.get_full_name() or user.get_username(), "email": user.email}
            kwargs["initial"] = known | kwargs.get("initial", {})
        super().__init__(request, *args, **kwargs)

    def save(self, request):
        """Save the comment; one that answers nothing on this page is a comment like any other."""
        answered = str(self.data.get("replied_to", ""))
        siblings = ThreadedComment.objects.filter(object_pk=self.target_object.pk)
        known = answered.isdecimal() and len(answered) < 10
        if not (known and siblings.filter(pk=answered).exists()):
            self.data = {name: self.data[name] for name in self.data if name != "replied_to"}
        comment = super().save(request)
        if not comment.is_public and may_approve(request):
            comment.is_public = True
            comment.save()
        return comment


def may_approve(request):
    """Return whether the comments of this user need nobody else's approval."""
    is_staff_here = getattr(request.user, "has_site_permission", False)
    return is_staff_here and request.user.has_perm("generic.change_threadedcomment")
