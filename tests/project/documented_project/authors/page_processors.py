from django import forms
from django.http import HttpResponseRedirect
from mezzanine.pages.page_processors import processor_for

from .models import Author


class AuthorForm(forms.Form):
    name = forms.CharField()
    email = forms.EmailField()


@processor_for(Author)
def author_form(request, page):
    form = AuthorForm(request.POST or None)
    if form.is_valid():
        return HttpResponseRedirect(request.path + "?submitted=true")
    return {"form": form}


@processor_for("authors/dr-seuss")
def doctor(request, page):
    return {"remark": "A doctor of nothing."}
