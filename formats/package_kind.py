"""Tell by its file names whether a delivery follows another standard than OneRoster 1.0 or 1.1."""

from collections.abc import Iterable


def identify_package(names: Iterable[str]) -> str | None:
    """Return "Clever", "Microsoft SDS" or "OneRoster 1.2", or None where the names fit OneRoster 1.0 and 1.1 or nothing known."""
    have = {name.casefold() for name in names}
    if "users.csv" not in have:
        if "students.csv" in have and have & {"sections.csv", "schools.csv", "teachers.csv"}:
            return "Clever"
        if {"school.csv", "section.csv"} <= have or "studentenrollment.csv" in have or "teacherroster.csv" in have:
            return "Microsoft SDS"
        return None
    if "roles.csv" in have:  # both took over the roles; only OneRoster has a manifest
        return "OneRoster 1.2" if "manifest.csv" in have else "Microsoft SDS"
    return None
