//! When something is due again and again: cron's five fields, read in a time zone.

use crate::Refusal;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

const CRON_MAX_BYTES: usize = 100;

/// A cron pattern in its time zone. (Where clocks are set forward a time that is skipped comes right
/// after; where they are set back a time that comes twice is taken once.)
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

impl Schedule {
    /// Refuses what cron does not know, an unknown time zone, and what will never be due.
    pub fn parse(cron: &str, timezone: &str, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let zone: Tz = timezone.parse().map_err(|_| Refusal::invalid("timezone", "a time zone like Europe/Oslo or UTC"))?;
        if cron.len() > CRON_MAX_BYTES {
            return Err(Refusal::invalid("cron", format!("at most {CRON_MAX_BYTES} bytes")));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(cron).map_err(|error| {
            Refusal::invalid("cron", format!("minute, hour, day, month and weekday, like 15 3 * * 1: {error}"))
        })?;
        let schedule = Self { cron, zone };
        match schedule.next_after(now) {
            Some(_) => Ok(schedule),
            None => Err(Refusal::invalid("cron", "a time that will come; this one never does")),
        }
    }

    /// The first time after `at`; `None` when there is none.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&at.with_timezone(&self.zone), false).ok()?;
        Some(next.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_time_is_in_its_zone() {
        fn check(cron: &str, zone: &str, after: &str, expect: &str) {
            let next = Schedule::parse(cron, zone, at(after)).unwrap().next_after(at(after));
            assert_eq!(next, Some(at(expect)), "{cron} in {zone} after {after}");
        }
        check("0 3 * * *", "UTC", "2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z");
        check("0 3 * * *", "Europe/Oslo", "2026-11-21T03:00:00Z", "2026-11-22T02:00:00Z");
        check("0 3 * * *", "Europe/Oslo", "2026-07-01T03:00:00Z", "2026-07-02T01:00:00Z");
        check("*/15 * * * *", "Asia/Kathmandu", "2026-11-21T00:01:00Z", "2026-11-21T00:15:00Z");
        check("0 0 29 2 *", "UTC", "2026-11-21T00:00:00Z", "2028-02-29T00:00:00Z");
        // 02:30 is skipped in the night of the 29th of March, and comes twice on the 25th of October.
        check("30 2 * * *", "Europe/Oslo", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
        check("30 2 * * *", "Europe/Oslo", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z");
        check("30 2 * * *", "Europe/Oslo", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        fn check(cron: &str, zone: &str, expect: &str) {
            let refused = Schedule::parse(cron, zone, at("2026-11-21T00:00:00Z")).unwrap_err().to_string();
            assert!(refused.contains(expect), "{cron} in {zone}: {refused}");
        }
        check("0 3 * * *", "Mars/Olympus", "time zone");
        check("0 3 * *", "UTC", "cron");
        check("61 * * * *", "UTC", "cron");
        check("* * * * * *", "UTC", "cron");
        check("", "UTC", "cron");
        check(&"1,".repeat(100), "UTC", "at most");
        check("0 0 30 2 *", "UTC", "never");
    }
}
