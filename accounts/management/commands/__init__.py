"""Shells around the services: the commands of manage.py."""
