//! Status pages as their makers see them. (What their readers see is in `wire/status.rs`.)

use chrono::{DateTime, Utc};
use domain::Visibility;
use domain::status_page::{EntryPatch, StatusPage, StatusPagePatch};
use serde::{Deserialize, Serialize};
use store::status_page::{Entry, Subscriber};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a status page has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusPage)]
pub(crate) struct StatusPageView<'a> {
    /// Its address: `/status/<slug>`.
    #[schema(example = "acme")]
    slug: &'a str,
    headline: &'a str,
    #[schema(example = 90)]
    show_history_days: i32,
    /// Until then it has no address.
    published: bool,
}

impl<'a> From<&'a StatusPage> for StatusPageView<'a> {
    fn from(page: &'a StatusPage) -> Self {
        let StatusPage { slug, headline, show_history_days, published } = page;
        Self { slug, headline, show_history_days: *show_history_days, published: *published }
    }
}

/// A new status page, in a workspace or the instance. It is a scope root, and whoever makes it owns it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStatusPage {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Acme status")]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) body: String,
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9-]+$", example = "acme")]
    pub(crate) slug: String,
    #[schema(nullable = false, max_length = 300)]
    pub(crate) headline: Option<String>,
    #[schema(nullable = false, minimum = 0, maximum = 90)]
    pub(crate) show_history_days: Option<i32>,
    /// By default false: nobody reads it at its address yet.
    #[schema(nullable = false)]
    pub(crate) published: Option<bool>,
    /// Who reads it at its address; by default `members`.
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
}

impl NewStatusPage {
    pub(crate) fn patch(&mut self) -> StatusPagePatch {
        StatusPagePatch {
            slug: Some(std::mem::take(&mut self.slug)),
            headline: self.headline.take(),
            show_history_days: self.show_history_days,
            published: self.published,
        }
    }
}

/// What to change of a status page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusPageChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 64, pattern = "^[a-z0-9-]+$")]
    pub(crate) slug: Option<String>,
    #[schema(nullable = false, max_length = 300)]
    pub(crate) headline: Option<String>,
    #[schema(nullable = false, minimum = 0, maximum = 90)]
    pub(crate) show_history_days: Option<i32>,
    #[schema(nullable = false)]
    pub(crate) published: Option<bool>,
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
}

impl StatusPageChange {
    pub(crate) fn patch(&mut self) -> StatusPagePatch {
        StatusPagePatch {
            slug: self.slug.take(),
            headline: self.headline.take(),
            show_history_days: self.show_history_days,
            published: self.published,
        }
    }
}

/// What a status page shows, in this order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEntries {
    #[schema(max_items = 100)]
    pub(crate) entries: Vec<EntryPatch>,
}

/// A system or group on a status page.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusPageEntry)]
pub(crate) struct EntryView {
    target_id: Uuid,
    #[schema(example = "system")]
    kind: String,
    #[schema(example = "checkout-prod-1")]
    title: String,
    /// Shown instead of the title.
    #[schema(required, example = "Shop")]
    label: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self { target_id: entry.target_id, kind: entry.kind, title: entry.title, label: entry.label }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusPageEntries)]
pub(crate) struct EntriesView {
    pub(crate) items: Vec<EntryView>,
    /// Entries that the caller can't see; they stay where they are.
    #[schema(example = 0)]
    pub(crate) hidden: usize,
}

/// Who is told by mail what a status page says.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusPageFollower)]
pub(crate) struct FollowerView {
    id: Uuid,
    #[schema(example = "ola@example.net")]
    email: String,
    /// Null: only the question whether the address is theirs was sent there.
    #[schema(required)]
    confirmed_at: Option<DateTime<Utc>>,
    /// When it was given, the last time.
    since: DateTime<Utc>,
}

impl From<Subscriber> for FollowerView {
    fn from(subscriber: Subscriber) -> Self {
        let Subscriber { id, email, confirmed_at, created_at } = subscriber;
        Self { id, email, confirmed_at, since: created_at }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusPageFollowers)]
pub(crate) struct FollowerPage {
    pub(crate) items: Vec<FollowerView>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
    /// How many have confirmed, on all pages of this list.
    #[schema(example = 12)]
    pub(crate) confirmed: i64,
    /// How many were asked to, and have not yet.
    #[schema(example = 1)]
    pub(crate) unconfirmed: i64,
    /// Whether there is a mail server for it. Without one nobody can begin to follow it, and nobody is told anything.
    pub(crate) has_mail: bool,
}
