from django.shortcuts import get_object_or_404, render
from mezzanine.conf import settings

from .models import Book, Reading


def books(request, keyword=None):
    found = Book.objects.filter(keywords__keyword__slug=keyword) if keyword else Book.objects.all()
    return render(request, "books.html", {"books": found[: settings.AUTHORS_BOOKS_PER_PAGE]})


def book(request, pk):
    return render(request, "book.html", {"book": get_object_or_404(Book, pk=pk)})


def reading(request, slug):
    readings = Reading.objects.published(for_user=request.user)
    return render(request, "reading.html", {"reading": get_object_or_404(readings, slug=slug)})
