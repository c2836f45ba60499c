from datetime import date

from django.test import TestCase

from .models import Author


class AuthorTests(TestCase):
    def test_an_author_has_a_page(self):
        author = Author.objects.create(title="Ann", dob=date(1904, 3, 2))
        author.book_set.create(title="Ham")
        self.assertContains(self.client.get(author.get_absolute_url()), "Ham: 0 comments")

    def test_there_is_no_other(self):
        self.assertEqual(self.client.get("/nobody/").status_code, 404)
