//! Announcements: what is asked, and what is told of them.

use super::node::NodeView;
use chrono::{DateTime, Utc};
use domain::announcement::{Announcement, AnnouncementPatch, AnnouncementSeverity, AnnouncementState, Reach, Style};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an announcement has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Announcement)]
pub(crate) struct AnnouncementView {
    severity: AnnouncementSeverity,
    audience: Reach,
    style: Style,
    starts_at: DateTime<Utc>,
    /// Null: until somebody ends it.
    #[schema(required)]
    ends_at: Option<DateTime<Utc>>,
    state: AnnouncementState,
}

impl From<&Announcement> for AnnouncementView {
    fn from(of: &Announcement) -> Self {
        Self {
            severity: of.severity,
            audience: of.audience,
            style: of.style,
            starts_at: of.starts_at,
            ends_at: of.ends_at,
            state: of.state,
        }
    }
}

/// An announcement in its list.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnnouncementItem<'a> {
    #[serde(flatten)]
    pub(crate) node: NodeView<'a>,
    /// Put away by the caller, on all their devices. Of whoever is not signed in nothing is kept.
    pub(crate) dismissed: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AnnouncementPage<'a> {
    pub(crate) items: Vec<AnnouncementItem<'a>>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnnouncement {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// A workspace or the instance; by default the instance.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "New office hours")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    /// By default `info`.
    #[schema(nullable = false)]
    severity: Option<AnnouncementSeverity>,
    /// By default `signed_in`.
    #[schema(nullable = false)]
    audience: Option<Reach>,
    /// By default `banner`.
    #[schema(nullable = false)]
    style: Option<Style>,
    /// By default now.
    #[schema(nullable = false)]
    starts_at: Option<DateTime<Utc>>,
    /// Absent: until somebody ends it.
    #[schema(nullable = false)]
    ends_at: Option<DateTime<Utc>>,
}

impl NewAnnouncement {
    pub(crate) fn patch(&self) -> AnnouncementPatch {
        AnnouncementPatch {
            severity: self.severity,
            audience: self.audience,
            style: self.style,
            starts_at: self.starts_at,
            ends_at: self.ends_at.map(Some),
        }
    }
}

/// Changes of an announcement; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncementChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    severity: Option<AnnouncementSeverity>,
    #[schema(nullable = false)]
    audience: Option<Reach>,
    #[schema(nullable = false)]
    style: Option<Style>,
    #[schema(nullable = false)]
    starts_at: Option<DateTime<Utc>>,
    /// Null: until somebody ends it.
    #[serde(default, with = "domain::intention::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Option<DateTime<Utc>>>,
}

impl AnnouncementChange {
    pub(crate) fn patch(&self) -> AnnouncementPatch {
        AnnouncementPatch {
            severity: self.severity,
            audience: self.audience,
            style: self.style,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncementOrder {
    #[schema(min_items = 1, max_items = 200)]
    pub(crate) ids: Vec<Uuid>,
}
