from notices.models.event import Event
from notices.models.notice import Attempt, Notice
from notices.models.settings import DigestTurn, ExpectedDelivery, NoticeSettings, PersonSettings
from notices.models.webhook import Webhook

__all__ = ["Attempt", "DigestTurn", "Event", "ExpectedDelivery", "Notice", "NoticeSettings", "PersonSettings", "Webhook"]
