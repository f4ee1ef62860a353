from dataquality.models.issue import Issue

__all__ = ["Issue"]
