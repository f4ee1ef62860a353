"""The real services of the suite can be used from this process and from others."""

import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model

from portal.celery import app


@pytest.mark.redis
def test_a_task_sent_with_the_broker_fixture_waits_in_the_real_broker(broker_url):
    app.send_task("imports.tasks.sweep_task")
    with app.connection_for_read() as broker:
        assert broker.default_channel.client.llen("celery") == 1


@pytest.mark.redis
def test_a_process_of_the_test_sees_what_the_test_has_stored(process_env):
    get_user_model().objects.create(email="somebody@example.org")
    script = "import django; django.setup(); from accounts.models import User; print(list(User.objects.values_list('email', flat=True)))"
    result = subprocess.run([sys.executable, "-c", script], env=process_env, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['somebody@example.org']"
