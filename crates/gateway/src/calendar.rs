//! Maintenances as a calendar that other programs subscribe to (RFC 5545). An event keeps its UID for ever; its
//! SEQUENCE rises with each change of state or window, so that programs take it over.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, EventLike, EventStatus, Property};
use uuid::Uuid;

pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) sequence: i64,
    /// When something of it changed last.
    pub(crate) changed_at: DateTime<Utc>,
    pub(crate) is_cancelled: bool,
    pub(crate) url: String,
}

/// The calendar, with times in UTC. Equal for equal events: nothing of the moment is in it.
pub(crate) fn render(name: &str, events: impl Iterator<Item = Event>) -> String {
    let mut calendar = Calendar::new();
    calendar.name(&clean(name));
    calendar.append_property(Property::new("PRODID", "-//Synops//maintenances//EN"));
    // How often it is worth asking, in the two ways that programs know.
    calendar.append_property(Property::new("REFRESH-INTERVAL", "PT15M").add_parameter("VALUE", "DURATION").done());
    calendar.append_property(Property::new("X-PUBLISHED-TTL", "PT15M"));
    for event in events {
        calendar.push(one(event));
    }
    calendar.to_string()
}

fn one(event: Event) -> icalendar::Event {
    let status = if event.is_cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed };
    icalendar::Event::new()
        .uid(&format!("{}@synops", event.id))
        .summary(&clean(&event.title))
        .description(&clean(&event.description))
        .starts(event.starts_at)
        .ends(event.ends_at)
        .timestamp(event.changed_at)
        .sequence(u32::try_from(event.sequence).unwrap_or(u32::MAX))
        .status(status)
        .url(&event.url)
        .done()
}

/// A line of the format ends where its text has no say.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_can_not_break_out_of_its_line() {
        let event = Event {
            id: Uuid::nil(),
            title: "Disks; new, and\r\nEND:VCALENDAR".to_owned(),
            description: "one\ntwo".to_owned(),
            starts_at: "2026-11-22T12:00:00Z".parse().unwrap(),
            ends_at: "2026-11-22T13:00:00Z".parse().unwrap(),
            sequence: 3,
            changed_at: "2026-11-20T12:00:00Z".parse().unwrap(),
            is_cancelled: true,
            url: "https://synops.test/maintenance/1".to_owned(),
        };
        let text = render("Mine", std::iter::once(event));
        assert_eq!(text.matches("END:VCALENDAR").count() - text.matches("\\nEND:VCALENDAR").count(), 1, "{text}");
        for line in [
            "UID:00000000-0000-0000-0000-000000000000@synops\r\n",
            "DTSTART:20261122T120000Z\r\n",
            "DTEND:20261122T130000Z\r\n",
            "DTSTAMP:20261120T120000Z\r\n",
            "SEQUENCE:3\r\n",
            "STATUS:CANCELLED\r\n",
            "DESCRIPTION:one\\ntwo\r\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
