//! A status page's maintenances as a calendar feed (RFC 5545).

use super::language::Language;
use super::texts;
use crate::calendar::{Event, render};
use domain::status_page::{NoticeKind, StatusView};

pub(super) fn feed(view: &StatusView, language: Language, public_url: &str) -> String {
    let windows = view.notices.iter().filter(|notice| notice.kind == NoticeKind::Maintenance);
    let events = windows.filter_map(|notice| {
        let newest = notice.updates.first().map(|update| update.message.as_str());
        let mut description = notice.affects.join(", ");
        if let Some(newest) = newest {
            description = format!("{description}\n\n{newest}");
        }
        Some(Event {
            id: notice.id,
            title: notice.title.clone(),
            description,
            starts_at: notice.starts_at,
            ends_at: notice.ends_at?,
            sequence: notice.sequence,
            changed_at: notice.changed_at(),
            is_cancelled: notice.is_cancelled(),
            url: format!("{public_url}/status/{}", view.slug),
        })
    });
    render(&format!("{} – {}", view.title, texts::notice_kind(language, NoticeKind::Maintenance)), events)
}
