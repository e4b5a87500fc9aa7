"""How far applications came: the stages of the funnel (申请漏斗)."""

from __future__ import annotations

from enum import StrEnum


class FunnelStage(StrEnum):
    """A stage that an application has reached; one application reaches several."""

    CREATED = "CREATED"
    SUBMITTED = "SUBMITTED"
    ASSESSED = "ASSESSED"
    RECOMMENDED_APPROVE = "RECOMMENDED_APPROVE"
    RECOMMENDED_REFER = "RECOMMENDED_REFER"
    RECOMMENDED_DECLINE = "RECOMMENDED_DECLINE"
    APPROVED = "APPROVED"
    CONTRACTED = "CONTRACTED"
    DRAWN = "DRAWN"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
