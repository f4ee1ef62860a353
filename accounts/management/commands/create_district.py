"""`manage.py create_district`: a district with its first owner."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import District, User
from accounts.services.create_district import DistrictRefused, create_district


class Command(BaseCommand):
    help = "Creates a district with one owner, who signs in with the given email address and password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the district's short name in commands: letters, digits, hyphens, underscores")
        parser.add_argument("--name", required=True, help="the district's name on screens")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="email address of the owner")
        parser.add_argument("--password", required=True, metavar="PW", help="the owner's password; a person known already keeps theirs")
        parser.add_argument("--json", action="store_true", help="print the new district as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, name, email = options["slug"].strip(), options["name"].strip(), options["admin"].strip().lower()
        self._check_length("slug", slug, District._meta.get_field("slug").max_length)
        self._check_length("name", name, District._meta.get_field("name").max_length)
        if not options["password"]:
            raise CommandError("The password is empty. Choose one.")
        is_known = User.objects.filter(email=email).exists()
        try:
            district, owner = create_district(slug=slug, name=name, admin_email=email, password=options["password"])
        except DistrictRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if is_known:
            self.stderr.write(f"{owner.email} has an account already and keeps its password.")
        if options["json"]:
            self.stdout.write(json.dumps({"slug": district.slug, "name": district.name, "id": district.pk, "owner": owner.email}))
        else:
            self.stdout.write(f"District {district.slug} ({district.name}) is created. Its owner is {owner.email}.")

    @staticmethod
    def _check_length(what: str, text: str, limit: int | None) -> None:
        if not text or len(text) > (limit or len(text)):
            raise CommandError(f"The {what} must have 1 to {limit} characters, and {text[:80]!r} has {len(text)}.")
