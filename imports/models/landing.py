from django.db import models

from accounts.scoping import DistrictOwned


class LandingZone(DistrictOwned):
    """The landing zone of an SFTP app, and who may put files into it. Its files lie where `imports.zone` says.

    It is no part of the versioned configuration: a key that was removed must not come back with an older version.
    """

    class Server(models.TextChoices):
        PORTAL = "portal", "This portal's server"
        CUSTOM = "custom", "Custom"

    class SignIn(models.TextChoices):
        PASSWORD = "password", "Password-based"
        KEY = "key", "Key-based"

    app = models.OneToOneField("imports.ImportApp", on_delete=models.CASCADE, related_name="landing")
    server = models.CharField(max_length=16, choices=Server.choices, default=Server.PORTAL)

    # signing in to the portal's own server
    username = models.CharField(max_length=64, unique=True)
    sign_in = models.CharField(max_length=16, choices=SignIn.choices, default=SignIn.PASSWORD)
    password = models.CharField(max_length=255, blank=True, help_text="argon2 hash; empty: nobody can sign in by password")
    password_set_at = models.DateTimeField(null=True, blank=True)
    allowed_addresses = models.JSONField(default=list, blank=True, help_text="networks in CIDR form; empty: from anywhere")
    test_key = models.TextField(blank=True, help_text="the public key of a Test Connection under way")
    test_key_until = models.DateTimeField(null=True, blank=True)

    # the district's own server, from which files are pulled
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=22)
    remote_username = models.CharField(max_length=128, blank=True)
    remote_sign_in = models.CharField(max_length=16, choices=SignIn.choices, default=SignIn.PASSWORD)
    remote_secret = models.TextField(blank=True, help_text="password or private key, encrypted with the portal's secret key")
    remote_path = models.CharField(max_length=1024, blank=True, help_text="the folder to read; empty: where the sign-in leads")
    host_key = models.TextField(blank=True, help_text="the server's public key as it was when it was first trusted")
    pulled = models.JSONField(default=dict, blank=True, help_text="name -> size, modified and sha256 of what was pulled last")

    # the schedule's memory: slots up to this moment are settled
    schedule_settled = models.DateTimeField(null=True, blank=True)
    schedule_zone = models.CharField(max_length=64, blank=True, help_text="the time zone by which they were settled")
    schedule_due = models.DateTimeField(null=True, blank=True, help_text="a slot that was taken and whose run does not stand yet")

    class Meta(DistrictOwned.Meta):
        pass

    def __str__(self) -> str:
        return f"landing zone of {self.username}"


class LandingKey(DistrictOwned):
    """A public key that may sign in to a landing zone."""

    zone = models.ForeignKey(LandingZone, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=200, blank=True, help_text="the key's comment, or what it was called here")
    line = models.TextField(help_text="type and key, as in a .pub file, without the comment")
    fingerprint = models.CharField(max_length=64, help_text="SHA256:…")
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("zone", "fingerprint", name="landing_key_once")]

    def __str__(self) -> str:
        return self.name or self.fingerprint


class Arrival(DistrictOwned):
    """A file that arrived in a landing zone: the receipt of what became of it. One row per content that was seen at a place."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"  # for the next run
        TAKEN = "taken", "Taken"  # by a run
        IGNORED = "ignored", "Ignored"  # no roster file, or passed over by a run; `reason` says why
        REPLACED = "replaced", "Replaced"  # another content came to the same place before a run
        REMOVED = "removed", "Removed"  # by the client before a run

    app = models.ForeignKey("imports.ImportApp", on_delete=models.CASCADE, related_name="arrivals")
    path = models.CharField(max_length=1024, help_text="in the zone, with / between folders")
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    stamp = models.CharField(max_length=64, help_text="inode, size and times when it was hashed: the same stamp needs no second look")
    seen_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="in a sentence")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="when it stopped waiting")
    delivery = models.ForeignKey("imports.Delivery", null=True, blank=True, on_delete=models.SET_NULL, related_name="arrivals")

    class Meta(DistrictOwned.Meta):
        indexes = [models.Index(fields=["app", "-seen_at"], name="arrival_newest")]
        constraints = [models.UniqueConstraint("app", "path", condition=models.Q(state="waiting"), name="arrival_waits_once")]

    def __str__(self) -> str:
        return self.path


class LandingRun(DistrictOwned):
    """One attempt to import what lay in a landing zone: on schedule, on arrival, or by hand; what came of it, in a sentence."""

    class Reason(models.TextChoices):
        MANUAL = "manual", "Run Import"
        SCHEDULE = "schedule", "Schedule"
        ARRIVAL = "arrival", "Arrival of a complete set"
        COMMAND = "command", "Command line"
        REPLAY = "replay", "Replay"

    app = models.ForeignKey("imports.ImportApp", on_delete=models.CASCADE, related_name="landing_runs")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    due_at = models.DateTimeField(null=True, blank=True, help_text="of a scheduled run: the moment it was due")
    ran_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    sync = models.ForeignKey("imports.Sync", null=True, blank=True, on_delete=models.SET_NULL, related_name="landing_runs")
    replays = models.ForeignKey(
        "imports.Delivery",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="of a replay: whose files it takes again",
    )
    is_refused = models.BooleanField(default=False, help_text="the files could not be taken; they wait where they are")
    outcome = models.TextField(blank=True, help_text="in a sentence")

    class Meta(DistrictOwned.Meta):
        indexes = [models.Index(fields=["app", "-ran_at"], name="landing_run_newest")]
        constraints = [models.UniqueConstraint("app", "due_at", condition=models.Q(reason="schedule"), name="scheduled_run_once")]

    def __str__(self) -> str:
        return f"run of {self.ran_at:%Y-%m-%d %H:%M}"
