//! Maintenances that come again.

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::intention::present;
use domain::maintenance::{ExtraWindow, MaintenancePatch, Occurrence, Series, SeriesPatch, Timing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A series: each of its windows is a maintenance of its own, made up to 60 days ahead.
#[derive(Serialize, ToSchema)]
#[schema(as = MaintenanceSeries)]
pub(crate) struct SeriesView {
    id: Uuid,
    /// Where its maintenances are made.
    parent_id: Uuid,
    #[schema(example = "Patch night")]
    title: String,
    body: String,
    /// What each maintenance is like, but for its window.
    plan: MaintenancePatch,
    /// On the wall of the time zone.
    #[schema(value_type = String, example = "2026-12-01T22:00:00")]
    starts_at: NaiveDateTime,
    #[schema(example = "Europe/Oslo")]
    timezone: String,
    #[schema(example = 7200)]
    duration_s: i32,
    #[schema(required, example = "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2")]
    rule: Option<String>,
    windows: Vec<ExtraWindow>,
    #[schema(value_type = Vec<String>)]
    excluded: Vec<NaiveDateTime>,
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
    version: i64,
    #[schema(required)]
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl SeriesView {
    pub(crate) fn new(series: Series) -> Self {
        let Timing { starts_at, timezone, duration_s, rule, windows, excluded } = series.timing;
        Self {
            id: series.id,
            parent_id: series.parent_id,
            title: series.title,
            body: series.body,
            plan: series.plan,
            starts_at,
            timezone,
            duration_s,
            rule,
            windows,
            excluded,
            ended_at: series.ended_at,
            version: series.version,
            created_by: series.created_by,
            created_at: series.created_at,
            updated_at: series.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesPage {
    pub(crate) items: Vec<SeriesView>,
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A new series.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSeries {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// As of a maintenance.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "Patch night")]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) body: String,
    /// The first window's begin, on the wall of the time zone: without an offset.
    #[schema(value_type = String, example = "2026-12-01T22:00:00")]
    starts_at: NaiveDateTime,
    /// By default UTC.
    #[schema(nullable = false, example = "Europe/Oslo")]
    timezone: Option<String>,
    #[schema(minimum = 60, maximum = 2592000, example = 7200)]
    duration_s: i32,
    /// Of RFC 5545: FREQ (daily or longer), INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST.
    #[schema(nullable = false, example = "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2")]
    rule: Option<String>,
    #[serde(default)]
    windows: Vec<ExtraWindow>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    excluded: Vec<NaiveDateTime>,
    /// As of a maintenance, without a window.
    plan: MaintenancePatch,
}

impl NewSeries {
    pub(crate) fn patch(&self) -> SeriesPatch {
        SeriesPatch {
            starts_at: Some(self.starts_at),
            timezone: self.timezone.clone(),
            duration_s: Some(self.duration_s),
            rule: Some(self.rule.clone()),
            windows: Some(self.windows.clone()),
            excluded: Some(self.excluded.clone()),
            plan: Some(self.plan.clone()),
        }
    }
}

/// What to change of a series.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false, value_type = String)]
    starts_at: Option<NaiveDateTime>,
    #[schema(nullable = false)]
    timezone: Option<String>,
    #[schema(nullable = false, minimum = 60, maximum = 2592000)]
    duration_s: Option<i32>,
    /// Null: no rule any more.
    #[serde(default, deserialize_with = "present::deserialize")]
    #[schema(value_type = Option<String>)]
    rule: Option<Option<String>>,
    #[schema(nullable = false)]
    windows: Option<Vec<ExtraWindow>>,
    #[schema(nullable = false, value_type = Vec<String>)]
    excluded: Option<Vec<NaiveDateTime>>,
    #[schema(nullable = false)]
    plan: Option<MaintenancePatch>,
}

impl SeriesChange {
    pub(crate) fn patch(&self) -> SeriesPatch {
        SeriesPatch {
            starts_at: self.starts_at,
            timezone: self.timezone.clone(),
            duration_s: self.duration_s,
            rule: self.rule.clone(),
            windows: self.windows.clone(),
            excluded: self.excluded.clone(),
            plan: self.plan.clone(),
        }
    }
}

/// When the windows of a series would be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesPreview {
    #[schema(value_type = String, example = "2026-12-01T22:00:00")]
    starts_at: NaiveDateTime,
    #[schema(nullable = false, example = "Europe/Oslo")]
    timezone: Option<String>,
    #[schema(minimum = 60, maximum = 2592000)]
    duration_s: i32,
    #[schema(nullable = false)]
    rule: Option<String>,
    #[serde(default)]
    windows: Vec<ExtraWindow>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    excluded: Vec<NaiveDateTime>,
    /// How many to show; by default 10.
    #[schema(nullable = false, minimum = 1, maximum = 100)]
    pub(crate) count: Option<usize>,
}

impl SeriesPreview {
    pub(crate) fn timing(self) -> Timing {
        Timing {
            starts_at: self.starts_at,
            timezone: self.timezone.unwrap_or_else(|| "UTC".to_owned()),
            duration_s: self.duration_s,
            rule: self.rule,
            windows: self.windows,
            excluded: self.excluded,
        }
    }
}

/// A window of a series.
#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesWindow {
    /// On the wall of the time zone, as the rule says it.
    #[schema(value_type = String)]
    local: NaiveDateTime,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

impl From<Occurrence> for SeriesWindow {
    fn from(occurrence: Occurrence) -> Self {
        Self { local: occurrence.occurrence_at, starts_at: occurrence.starts_at, ends_at: occurrence.ends_at }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesWindows {
    pub(crate) items: Vec<SeriesWindow>,
}
