//! What a status page says, as JSON; its HTML is made of the same.

use chrono::{DateTime, NaiveDate, Utc};
use domain::status_page::{Day, Notice, NoticeKind, NoticeUpdate, Overall, Section, Shown, ShownState, StatusView};
use serde::Serialize;
use uuid::Uuid;

#[derive(Serialize)]
pub(crate) struct StatusJson<'a> {
    pub(crate) slug: &'a str,
    pub(crate) title: &'a str,
    pub(crate) headline: &'a str,
    pub(crate) overall: Overall,
    pub(crate) history_days: i32,
    pub(crate) sections: Vec<SectionJson<'a>>,
    pub(crate) notices: Vec<NoticeJson<'a>>,
}

#[derive(Serialize)]
pub(crate) struct SectionJson<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) systems: Vec<SystemJson<'a>>,
}

#[derive(Serialize)]
pub(crate) struct SystemJson<'a> {
    pub(crate) label: &'a str,
    pub(crate) state: ShownState,
    /// Null without data.
    pub(crate) uptime_percent: Option<f64>,
    pub(crate) days: Vec<DayJson>,
}

#[derive(Serialize)]
pub(crate) struct DayJson {
    pub(crate) date: NaiveDate,
    pub(crate) uptime_percent: Option<f64>,
}

#[derive(Serialize)]
pub(crate) struct NoticeJson<'a> {
    pub(crate) id: Uuid,
    pub(crate) kind: NoticeKind,
    pub(crate) title: &'a str,
    pub(crate) state: &'a str,
    pub(crate) active: bool,
    pub(crate) over: bool,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: Option<DateTime<Utc>>,
    pub(crate) affects: &'a [String],
    pub(crate) updates: Vec<UpdateJson<'a>>,
}

#[derive(Serialize)]
pub(crate) struct UpdateJson<'a> {
    pub(crate) id: Uuid,
    pub(crate) at: DateTime<Utc>,
    pub(crate) message: &'a str,
    pub(crate) state: Option<&'a str>,
}

impl<'a> From<&'a StatusView> for StatusJson<'a> {
    fn from(view: &'a StatusView) -> Self {
        Self {
            slug: &view.slug,
            title: &view.title,
            headline: &view.headline,
            overall: view.overall(),
            history_days: view.history_days,
            sections: view.sections.iter().map(SectionJson::from).collect(),
            notices: view.notices.iter().map(NoticeJson::from).collect(),
        }
    }
}

impl<'a> From<&'a Section> for SectionJson<'a> {
    fn from(section: &'a Section) -> Self {
        Self { title: section.title.as_deref(), systems: section.systems.iter().map(SystemJson::from).collect() }
    }
}

impl<'a> From<&'a Shown> for SystemJson<'a> {
    fn from(shown: &'a Shown) -> Self {
        Self {
            label: &shown.label,
            state: shown.state,
            uptime_percent: shown.uptime_percent().map(rounded),
            days: shown.days.iter().map(DayJson::from).collect(),
        }
    }
}

impl From<&Day> for DayJson {
    fn from(day: &Day) -> Self {
        Self { date: day.date, uptime_percent: day.uptime_percent().map(rounded) }
    }
}

impl<'a> From<&'a Notice> for NoticeJson<'a> {
    fn from(notice: &'a Notice) -> Self {
        Self {
            id: notice.id,
            kind: notice.kind,
            title: &notice.title,
            state: &notice.state,
            active: notice.is_active,
            over: notice.is_over,
            starts_at: notice.starts_at,
            ends_at: notice.ends_at,
            affects: &notice.affects,
            updates: notice.updates.iter().map(UpdateJson::from).collect(),
        }
    }
}

impl<'a> From<&'a NoticeUpdate> for UpdateJson<'a> {
    fn from(update: &'a NoticeUpdate) -> Self {
        Self { id: update.id, at: update.at, message: &update.message, state: update.state.as_deref() }
    }
}

/// To a thousandth of a percent, down: 99.9999 is not 100.
pub(crate) fn rounded(percent: f64) -> f64 {
    (percent * 1_000.0).floor() / 1_000.0
}
