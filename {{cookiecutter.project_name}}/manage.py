#!/usr/bin/env python
"""Django's command line, and --site=ID for one site among several."""

import os
import sys

from multisite.command_line import choose_site


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{{ cookiecutter.project_name }}.settings")
    choose_site(sys.argv)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
