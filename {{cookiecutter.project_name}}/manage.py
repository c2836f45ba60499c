#!/usr/bin/env python
"""Django's command line, and --site=ID or --all-sites for one site among several or each."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{{ cookiecutter.project_name }}.settings")
    from django.core.management import execute_from_command_line

    from multisite.command_line import choose_site

    choose_site(sys.argv)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
