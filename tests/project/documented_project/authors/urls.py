from django.urls import path

from . import views

urlpatterns = [
    path("books/", views.books, name="books"),
    path("books/<int:pk>/", views.book, name="book"),
    path("books/about/<slug:keyword>/", views.books, name="books_for_keyword"),
    path("readings/<slug:slug>/", views.reading, name="reading"),
]
