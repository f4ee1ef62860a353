"""The worker's settings keep the promises that tasks rely on."""

from portal.celery import app


def test_redis_never_hands_a_running_task_to_a_second_worker():
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit > app.conf.task_soft_time_limit


def test_a_task_is_acknowledged_only_when_it_is_done():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1


def test_abandoned_tasks_are_looked_for_every_few_seconds():
    options = app.conf.broker_transport_options
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 10
