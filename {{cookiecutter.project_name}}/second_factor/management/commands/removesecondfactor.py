"""Removes the second factor of somebody who has lost it."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from second_factor.devices import remove


class Command(BaseCommand):
    help = "Removes the second factor of a user, who sets up a new one with the next log-in."

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, username, **options):
        users = get_user_model()._default_manager
        user = users.filter(**{get_user_model().USERNAME_FIELD: username}).first()
        if not user:
            raise CommandError(f"There is no user {username}.")
        if not remove(user):
            raise CommandError(f"{username} has no second factor.")
        self.stdout.write("Removed.")
