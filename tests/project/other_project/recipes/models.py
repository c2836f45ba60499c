from django.contrib.auth.models import AbstractUser
from django.db import models
from mezzanine.core.fields import RichTextField
from mezzanine.pages.models import Page


class Baker(AbstractUser):
    oven = models.CharField(max_length=50, blank=True)


class Recipe(Page):
    minutes = models.PositiveIntegerField(default=10)
    method = RichTextField(default="Stir.")


class Order(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name
