//! What somebody wants to be told how, and when not.

use crate::connection::Channel;
use chrono::{DateTime, Days, LocalResult, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// In the notification centre.
    pub in_app: bool,
    pub mail: bool,
    /// Their own subscriptions by ntfy.
    pub ntfy: bool,
    pub quiet: Option<Quiet>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { in_app: true, mail: true, ntfy: true, quiet: None }
    }
}

/// Hours of each day in which mail and ntfy wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// On the clock of the time zone.
    pub from: NaiveTime,
    /// Earlier than `from`: on the next day.
    pub to: NaiveTime,
    pub timezone: Tz,
}

impl Preferences {
    /// Whether messages come this way.
    pub const fn takes(&self, channel: Channel) -> bool {
        match channel {
            Channel::Smtp => self.mail,
            Channel::Ntfy => self.ntfy,
            // Rooms and machines: whoever subscribes them wants them told.
            Channel::Webhook | Channel::Slack => true,
        }
    }

    /// Until when a message waits; `None`: it goes now.
    pub fn held_until(&self, channel: Channel, is_critical: bool, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wakes_people = matches!(channel, Channel::Smtp | Channel::Ntfy);
        self.quiet.filter(|_| wakes_people && !is_critical).and_then(|quiet| quiet.ends_at(now))
    }
}

impl Quiet {
    /// When the quiet hours that `now` lies in are over; `None`: it lies in none.
    pub fn ends_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&self.timezone).naive_local();
        let (time, today) = (local.time(), local.date());
        let overnight = self.to <= self.from;
        let day = match overnight {
            false if time >= self.from && time < self.to => today,
            true if time >= self.from => today.checked_add_days(Days::new(1))?,
            true if time < self.to => today,
            _ => return None,
        };
        let end = day.and_time(self.to);
        let end = match self.timezone.from_local_datetime(&end) {
            LocalResult::Single(at) => at,
            // The clock is put back: the second time.
            LocalResult::Ambiguous(_, later) => later,
            // The clock is put forward over it.
            LocalResult::None => self.timezone.from_local_datetime(&(end + TimeDelta::hours(1))).latest()?,
        };
        Some(end.with_timezone(&Utc)).filter(|end| *end > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn quiet(from: &str, to: &str) -> Quiet {
        Quiet { from: from.parse().unwrap(), to: to.parse().unwrap(), timezone: chrono_tz::Europe::Oslo }
    }

    #[test]
    fn quiet_hours_end_on_the_clock_of_their_zone() {
        let check = |from: &str, to: &str, now: &str, expect: Option<&str>| {
            assert_eq!(quiet(from, to).ends_at(at(now)), expect.map(at), "{from} to {to} at {now}");
        };
        // Oslo is one hour ahead in winter.
        check("22:00:00", "07:00:00", "2026-11-22T20:59:59Z", None);
        check("22:00:00", "07:00:00", "2026-11-22T21:00:00Z", Some("2026-11-23T06:00:00Z"));
        check("22:00:00", "07:00:00", "2026-11-23T05:59:59Z", Some("2026-11-23T06:00:00Z"));
        check("22:00:00", "07:00:00", "2026-11-23T06:00:00Z", None);
        check("12:00:00", "13:00:00", "2026-11-22T11:30:00Z", Some("2026-11-22T12:00:00Z"));
        check("12:00:00", "13:00:00", "2026-11-22T12:00:00Z", None);
        // Two hours in summer; the night in between is as long as the clock makes it.
        check("22:00:00", "07:00:00", "2026-03-28T21:00:00Z", Some("2026-03-29T05:00:00Z"));
        check("22:00:00", "07:00:00", "2026-10-24T20:00:00Z", Some("2026-10-25T06:00:00Z"));
        // 02:30 does not exist on this day, and exists twice on that.
        check("22:00:00", "02:30:00", "2026-03-28T21:00:00Z", Some("2026-03-29T01:30:00Z"));
        check("22:00:00", "02:30:00", "2026-10-24T20:00:00Z", Some("2026-10-25T01:30:00Z"));
        // All day long.
        check("00:00:00", "00:00:00", "2026-11-22T12:00:00Z", Some("2026-11-22T23:00:00Z"));
    }

    #[test]
    fn only_what_wakes_people_waits_and_what_is_critical_does_not() {
        let night = Preferences { quiet: Some(quiet("22:00:00", "07:00:00")), ..Preferences::default() };
        let check = |preferences: &Preferences, channel, is_critical, expect: bool| {
            let held = preferences.held_until(channel, is_critical, at("2026-11-22T23:00:00Z"));
            assert_eq!(held.is_some(), expect, "{channel} {is_critical}");
        };
        check(&night, Channel::Smtp, false, true);
        check(&night, Channel::Ntfy, false, true);
        check(&night, Channel::Smtp, true, false);
        check(&night, Channel::Slack, false, false);
        check(&night, Channel::Webhook, false, false);
        check(&Preferences::default(), Channel::Smtp, false, false);
    }

    #[test]
    fn each_channel_has_its_switch() {
        let none = Preferences { in_app: false, mail: false, ntfy: false, quiet: None };
        let taken: Vec<bool> = Channel::ALL.iter().map(|channel| none.takes(*channel)).collect();
        assert_eq!(taken, [false, true, true, false]);
        assert!(Channel::ALL.iter().all(|channel| Preferences::default().takes(*channel)));
    }
}
