//! What each kind of notice is called, for people.

use super::NoticeKind;

/// A short headline: what has happened, without to what.
pub const fn words(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::MaintenancePlanned => "Maintenance planned",
        NoticeKind::MaintenanceChanged => "Maintenance changed",
        NoticeKind::MaintenanceReminder => "Maintenance begins soon",
        NoticeKind::MaintenanceStarted => "Maintenance started",
        NoticeKind::MaintenanceExtended => "Maintenance takes longer",
        NoticeKind::MaintenanceVerifying => "Maintenance: work is over, checking",
        NoticeKind::MaintenanceCompleted => "Maintenance completed",
        NoticeKind::MaintenanceCancelled => "Maintenance cancelled",
        NoticeKind::MaintenanceUpdate => "Maintenance update",
        NoticeKind::SystemDown => "Down",
        NoticeKind::SystemUp => "Up again",
        NoticeKind::IncidentOpened => "Incident",
        NoticeKind::IncidentUpdated => "Incident update",
        NoticeKind::IncidentAcknowledged => "Incident acknowledged",
        NoticeKind::IncidentResolved => "Incident resolved",
        NoticeKind::Announcement => "Announcement",
        NoticeKind::MessageMention => "You were named",
        NoticeKind::MessageReply => "Answer",
        NoticeKind::StatusConfirmation => "Confirm your subscription",
    }
}
