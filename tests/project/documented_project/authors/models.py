"""The models of Mezzanine's documentation, and one for each base class that it offers."""

from django.conf import settings
from django.db import models
from mezzanine.blog.models import BlogPost
from mezzanine.core.fields import FileField, RichTextField
from mezzanine.core.managers import SearchableManager
from mezzanine.core.models import Displayable, Orderable, Ownable, RichText
from mezzanine.generic.fields import CommentsField, KeywordsField, RatingField
from mezzanine.pages.models import Page, PageMoveException


class Author(Page):
    dob = models.DateField("Date of birth")
    trivia = models.TextField("Trivia", blank=True)

    def can_add(self, request):
        return self.children.count() == 0

    def can_delete(self, request):
        return request.user.is_superuser or self.parent is not None

    def can_move(self, request, new_parent):
        if new_parent is None:
            raise PageMoveException("An author page cannot be a top-level page")


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    title = models.CharField(max_length=200)
    cover = models.ImageField(upload_to="authors", blank=True)
    keywords = KeywordsField()
    comments = CommentsField()
    rating = RatingField()

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/books/{self.pk}/"


class Chapter(Orderable):
    author = models.ForeignKey(Author, models.CASCADE)
    title = models.CharField(max_length=200)
    summary = RichTextField(blank=True)


class Asset(models.Model):
    title = models.CharField("Title", max_length=100)
    description = models.CharField("Description", max_length=1000)

    objects = SearchableManager()
    search_fields = ("title", "description")

    class Meta:
        abstract = True


class Portrait(Asset):
    image = models.ImageField(upload_to="portraits", blank=True)


class Document(Asset):
    file = models.FileField(upload_to="documents", blank=True)


class Reading(Displayable, RichText, Ownable):
    starts = models.DateTimeField(null=True, blank=True)
    flyer = FileField("Flyer", max_length=255, blank=True, upload_to="flyers")

    def get_absolute_url(self):
        return f"/readings/{self.slug}/"


class SiteAlert(models.Model):
    message = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "Site Alert"


class BlogPostCustomizations(models.Model):
    post = models.OneToOneField(BlogPost, models.CASCADE, related_name="customizations")
    subtitle = models.CharField(max_length=100)


class MyProfile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    date_of_birth = models.DateField(null=True)
    bio = models.TextField()
    signup_date = models.DateTimeField(auto_now_add=True)
