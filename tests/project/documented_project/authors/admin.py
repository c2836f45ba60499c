"""The admin of Mezzanine's documentation."""

from copy import deepcopy

from django.contrib import admin
from django.contrib.auth import get_user_model
from mezzanine.accounts.admin import UserProfileAdmin
from mezzanine.blog.admin import BlogPostAdmin
from mezzanine.blog.models import BlogPost
from mezzanine.core.admin import DisplayableAdmin, OwnableAdmin, StackedDynamicInlineAdmin
from mezzanine.forms.admin import FormAdmin
from mezzanine.forms.models import Form
from mezzanine.pages.admin import PageAdmin
from mezzanine.utils.admin import SingletonAdmin

from .models import Author, BlogPostCustomizations, Book, Chapter, Reading, SiteAlert


class BookInline(admin.TabularInline):
    model = Book


class ChapterInline(StackedDynamicInlineAdmin):
    model = Chapter


@admin.register(Author)
class AuthorAdmin(PageAdmin):
    inlines = (BookInline, ChapterInline)
    fieldsets = (
        *deepcopy(PageAdmin.fieldsets),
        (None, {"fields": ("dob", "trivia", "another_field")}),
    )


class ReadingAdmin(DisplayableAdmin, OwnableAdmin):
    fieldsets = deepcopy(DisplayableAdmin.fieldsets)
    fieldsets[0][1]["fields"].extend(["content", "starts", "flyer"])


class CustomizationsInline(admin.StackedInline):
    model = BlogPostCustomizations


class MyBlogPostAdmin(BlogPostAdmin):
    fieldsets = deepcopy(BlogPostAdmin.fieldsets)
    fieldsets[0][1]["fields"].insert(-2, "image")
    inlines = (CustomizationsInline,)


class MyUserAdmin(UserProfileAdmin):
    list_filter = ("is_active",)


class MyFormAdmin(FormAdmin):
    list_filter = ("status", "send_email")


admin.site.register(Book)
admin.site.register(Reading, ReadingAdmin)
admin.site.register(SiteAlert, SingletonAdmin)
changed = {BlogPost: MyBlogPostAdmin, Form: MyFormAdmin, get_user_model(): MyUserAdmin}
for model, model_admin in changed.items():
    admin.site.unregister(model)
    admin.site.register(model, model_admin)
