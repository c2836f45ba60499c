from django.db import models
from mezzanine.core.fields import RichTextField
from mezzanine.pages.models import Page


class Recipe(Page):
    minutes = models.PositiveIntegerField(default=10)
    method = RichTextField(default="Stir.")


class Order(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name
