//! Maintenances that come again: a rule (RFC 5545), extra windows, days left out, all on the wall of one time zone.

use super::MaintenancePatch;
use crate::limits::{
    MAINTENANCE_MAX, MAINTENANCE_MIN, SERIES_EXCLUDED_MAX, SERIES_RULE_MAX_BYTES, SERIES_WINDOWS_MAX, TIMEZONE_MAX_BYTES,
};
use crate::refusal::Refusal;
use chrono::{DateTime, Datelike, Duration, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rrule::{RRule, RRuleSet, Unvalidated};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a rule may say: windows on days, not on hours.
const RULE_PARTS: &[&str] = &["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"];
const FREQUENCIES: &[&str] = &["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];

/// A window besides those of the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtraWindow {
    /// On the wall of the series' time zone.
    #[schema(value_type = String, example = "2026-12-24T22:00:00")]
    pub starts_at: NaiveDateTime,
    /// By default as long as the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<i32>,
}

/// When the windows of a series are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    pub starts_at: NaiveDateTime,
    pub timezone: String,
    pub duration_s: i32,
    pub rule: Option<String>,
    pub windows: Vec<ExtraWindow>,
    pub excluded: Vec<NaiveDateTime>,
}

/// A series as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub id: Uuid,
    pub parent_id: Uuid,
    pub title: String,
    pub body: String,
    pub plan: MaintenancePatch,
    pub timing: Timing,
    pub ended_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What may be set of a series; absent fields stay (or have their defaults).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesPatch {
    /// The first window's begin, on the wall of the time zone: without an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-12-01T22:00:00")]
    pub starts_at: Option<NaiveDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<i32>,
    /// `FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2`; null: none but the first window and the extra ones.
    #[serde(default, with = "crate::intention::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub rule: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<ExtraWindow>>,
    /// Begins of windows that are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub excluded: Option<Vec<NaiveDateTime>>,
    /// What each maintenance is like, but for its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<MaintenancePatch>,
}

/// One window of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// What it is known by: its begin on the wall, whether there is such a time or not.
    pub occurrence_at: NaiveDateTime,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

impl SeriesPatch {
    /// What can be said without looking; when its windows are, [`Timing::validate`] says.
    pub fn validate(&self) -> Result<(), Refusal> {
        let Some(plan) = &self.plan else { return Ok(()) };
        if plan.starts_at.is_some() || plan.ends_at.is_some() || plan.timezone.is_some() {
            return Err(Refusal::invalid("plan", "no window: that is starts_at, duration_s and timezone of the series"));
        }
        plan.validate().map_err(|refusal| refusal.within("plan"))
    }

    /// As it is after this, from what it was; `None`: it is new. A plan is taken over field by field.
    pub fn timing(&self, before: Option<&Timing>) -> Result<Timing, Refusal> {
        let missing = |field: &str| Refusal::invalid(field, "it must be given");
        let timing = Timing {
            starts_at: self.starts_at.or(before.map(|b| b.starts_at)).ok_or_else(|| missing("starts_at"))?,
            timezone: self.timezone.clone().or(before.map(|b| b.timezone.clone())).unwrap_or_else(|| "UTC".to_owned()),
            duration_s: self.duration_s.or(before.map(|b| b.duration_s)).ok_or_else(|| missing("duration_s"))?,
            rule: self.rule.clone().unwrap_or_else(|| before.and_then(|b| b.rule.clone())),
            windows: self.windows.clone().or(before.map(|b| b.windows.clone())).unwrap_or_default(),
            excluded: self.excluded.clone().or(before.map(|b| b.excluded.clone())).unwrap_or_default(),
        };
        timing.validate()?;
        Ok(timing)
    }
}

impl Timing {
    pub fn validate(&self) -> Result<(), Refusal> {
        if self.timezone.len() > TIMEZONE_MAX_BYTES || self.timezone.parse::<Tz>().is_err() {
            return Err(Refusal::invalid("timezone", "a time zone like Europe/Oslo or UTC"));
        }
        check_duration("duration_s", self.duration_s)?;
        if self.windows.len() > SERIES_WINDOWS_MAX {
            return Err(Refusal::invalid("windows", format!("at most {SERIES_WINDOWS_MAX}")));
        }
        for (at, window) in self.windows.iter().enumerate() {
            check_duration(&format!("windows[{at}].duration_s"), window.duration_s.unwrap_or(self.duration_s))?;
        }
        if self.excluded.len() > SERIES_EXCLUDED_MAX {
            return Err(Refusal::invalid("excluded", format!("at most {SERIES_EXCLUDED_MAX}")));
        }
        let mut times = self.windows.iter().map(|w| w.starts_at).chain(self.excluded.iter().copied()).chain([self.starts_at]);
        if !times.all(|at| (2000..=9000).contains(&at.year())) {
            return Err(Refusal::invalid("starts_at", "a time from 2000 to 9000"));
        }
        if let Some(rule) = &self.rule {
            check_rule(rule)?;
            self.expanded(rule, self.starts_at, self.starts_at, 1)?;
        }
        Ok(())
    }

    /// The windows that begin in `(from, to]`, the earliest first, at most `limit`.
    pub fn occurrences(&self, from: DateTime<Utc>, to: DateTime<Utc>, limit: usize) -> Result<Vec<Occurrence>, Refusal> {
        let zone: Tz = self.timezone.parse().map_err(|_| Refusal::invalid("timezone", "a time zone"))?;
        // A day of room, since walls differ by at most that; what is outside is cut below.
        let day = TimeDelta::days(1);
        let (low, high) = (from.naive_utc() - day, to.naive_utc() + day);
        let mut walls: Vec<(NaiveDateTime, i32)> = match &self.rule {
            Some(rule) => self.expanded(rule, low, high, limit + 4)?,
            None => vec![self.starts_at],
        }
        .into_iter()
        .map(|wall| (wall, self.duration_s))
        .collect();
        walls.extend(self.windows.iter().map(|extra| (extra.starts_at, extra.duration_s.unwrap_or(self.duration_s))));
        walls.retain(|(wall, _)| !self.excluded.contains(wall));
        walls.sort_unstable();
        walls.dedup_by_key(|(wall, _)| *wall);
        let resolved = walls.into_iter().filter_map(|(wall, duration_s)| {
            let starts_at = on_the_clock(wall, zone)?;
            let ends_at = starts_at.checked_add_signed(TimeDelta::seconds(duration_s.into()))?;
            (starts_at > from && starts_at <= to).then_some(Occurrence { occurrence_at: wall, starts_at, ends_at })
        });
        Ok(resolved.take(limit).collect())
    }

    /// The rule's begins on the wall, from `low` to `high`. Worked out as if the wall were UTC, which has every time
    /// once: what a zone makes of them comes after.
    fn expanded(&self, rule: &str, low: NaiveDateTime, high: NaiveDateTime, limit: usize) -> Result<Vec<NaiveDateTime>, Refusal> {
        let wrong = |_| Refusal::invalid("rule", "a rule like FREQ=WEEKLY;BYDAY=SU (RFC 5545)");
        let start = rrule::Tz::UTC.from_utc_datetime(&self.starts_at);
        let parsed: RRule<Unvalidated> = self.until_on_the_wall(rule)?.parse().map_err(wrong)?;
        let set = RRuleSet::new(start).rrule(parsed.validate(start).map_err(wrong)?);
        let bound = |at: NaiveDateTime| rrule::Tz::UTC.from_utc_datetime(&at);
        // The library bounds how far it looks for a rule that never comes.
        let found = set.after(bound(low)).before(bound(high)).all(u16::try_from(limit).unwrap_or(u16::MAX));
        Ok(found.dates.into_iter().map(|at| at.naive_utc()).collect())
    }

    /// UNTIL is in UTC where it ends with Z; here it has to be on the wall.
    fn until_on_the_wall(&self, rule: &str) -> Result<String, Refusal> {
        let wrong = || Refusal::invalid("rule", "UNTIL like 20271231T230000Z or 20271231");
        let zone: Tz = self.timezone.parse().map_err(|_| Refusal::invalid("timezone", "a time zone"))?;
        let mut parts = Vec::new();
        for part in rule.split(';') {
            let Some(("UNTIL", until)) = part.split_once('=') else {
                parts.push(part.to_owned());
                continue;
            };
            let wall = match until.strip_suffix('Z') {
                Some(utc) => {
                    let utc = NaiveDateTime::parse_from_str(utc, "%Y%m%dT%H%M%S").map_err(|_| wrong())?;
                    zone.from_utc_datetime(&utc).naive_local()
                }
                // A day: to its end.
                None if until.len() == 8 => {
                    NaiveDateTime::parse_from_str(&format!("{until}T235959"), "%Y%m%dT%H%M%S").map_err(|_| wrong())?
                }
                None => NaiveDateTime::parse_from_str(until, "%Y%m%dT%H%M%S").map_err(|_| wrong())?,
            };
            parts.push(format!("UNTIL={}Z", wall.format("%Y%m%dT%H%M%S")));
        }
        Ok(parts.join(";"))
    }
}

fn check_duration(field: &str, duration_s: i32) -> Result<(), Refusal> {
    let length = std::time::Duration::from_secs(u64::try_from(duration_s).unwrap_or(0));
    if (MAINTENANCE_MIN..=MAINTENANCE_MAX).contains(&length) {
        return Ok(());
    }
    Err(Refusal::invalid(field, "60 to 2592000 (30 days)"))
}

fn check_rule(rule: &str) -> Result<(), Refusal> {
    let wrong = |expects: String| Err(Refusal::invalid("rule", expects));
    if rule.len() > SERIES_RULE_MAX_BYTES {
        return wrong(format!("at most {SERIES_RULE_MAX_BYTES} bytes"));
    }
    for part in rule.split(';') {
        let Some((name, value)) = part.split_once('=') else { return wrong("NAME=VALUE, with semicolons between".to_owned()) };
        if !RULE_PARTS.contains(&name) {
            return wrong(format!("only {}", RULE_PARTS.join(", ")));
        }
        if name == "FREQ" && !FREQUENCIES.contains(&value) {
            return wrong(format!("FREQ: one of {}", FREQUENCIES.join(", ")));
        }
    }
    Ok(())
}

/// When it is that time on the wall. One that comes twice is the first; one that is left out is told by the offset
/// before the gap, so that 02:30 becomes 03:30 (RFC 5545, 3.3.5).
fn on_the_clock(wall: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => {
            // No gap is longer than a day.
            let before = zone.from_local_datetime(&(wall - Duration::days(1))).earliest()?;
            let offset = before.naive_local() - before.naive_utc();
            Some(Utc.from_utc_datetime(&(wall - offset)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(starts_at: &str, rule: Option<&str>) -> Timing {
        Timing {
            starts_at: starts_at.parse().unwrap(),
            timezone: "Europe/Oslo".to_owned(),
            duration_s: 7_200,
            rule: rule.map(str::to_owned),
            windows: Vec::new(),
            excluded: Vec::new(),
        }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn begins(timing: &Timing, from: &str, to: &str) -> Vec<String> {
        let found = timing.occurrences(utc(from), utc(to), 100).unwrap();
        for one in &found {
            assert_eq!(one.ends_at - one.starts_at, TimeDelta::seconds(7_200), "{one:?}");
        }
        found.into_iter().map(|one| one.starts_at.format("%m-%dT%H:%M").to_string()).collect()
    }

    #[test]
    fn windows_keep_to_the_wall_over_a_change_of_the_clock() {
        let weekly = timing("2026-10-11T22:00:00", Some("FREQ=WEEKLY;BYDAY=SU"));
        let expect = ["10-11T20:00", "10-18T20:00", "10-25T21:00", "11-01T21:00"];
        assert_eq!(begins(&weekly, "2026-10-01T00:00:00Z", "2026-11-05T00:00:00Z"), expect);
    }

    #[test]
    fn a_time_that_is_left_out_moves_and_one_that_comes_twice_is_the_first() {
        // 2026-03-29 has no 02:30 in Oslo.
        let daily = timing("2026-03-28T02:30:00", Some("FREQ=DAILY;COUNT=3"));
        let expect = ["03-28T01:30", "03-29T01:30", "03-30T00:30"];
        assert_eq!(begins(&daily, "2026-03-01T00:00:00Z", "2026-04-05T00:00:00Z"), expect);
        // 2026-10-25 has two.
        let daily = timing("2026-10-24T02:30:00", Some("FREQ=DAILY;COUNT=3"));
        let expect = ["10-24T00:30", "10-25T00:30", "10-26T01:30"];
        assert_eq!(begins(&daily, "2026-10-01T00:00:00Z", "2026-11-05T00:00:00Z"), expect);
    }

    #[test]
    fn rules() {
        let check = |rule: &str, expect: &[&str]| {
            let timing = timing("2026-12-01T22:00:00", Some(rule));
            assert_eq!(begins(&timing, "2026-11-01T00:00:00Z", "2027-03-01T00:00:00Z"), expect, "{rule}");
        };
        check("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", &["12-08T21:00", "01-12T21:00", "02-09T21:00"]);
        check("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", &["12-31T21:00", "01-31T21:00"]);
        check("FREQ=WEEKLY;INTERVAL=4;UNTIL=20270101T000000Z", &["12-01T21:00", "12-29T21:00"]);
        // By UTC it ends before the wall's evening, or just with it.
        check("FREQ=DAILY;UNTIL=20261202T205959Z", &["12-01T21:00"]);
        check("FREQ=DAILY;UNTIL=20261202T210000Z", &["12-01T21:00", "12-02T21:00"]);
        check("FREQ=DAILY;UNTIL=20261202", &["12-01T21:00", "12-02T21:00"]);
    }

    #[test]
    fn extra_windows_and_days_left_out() {
        let mut several = timing("2026-12-01T22:00:00", Some("FREQ=DAILY;COUNT=3"));
        several.excluded = vec!["2026-12-02T22:00:00".parse().unwrap()];
        several.windows = vec![ExtraWindow { starts_at: "2026-12-24T10:00:00".parse().unwrap(), duration_s: None }];
        let expect = ["12-01T21:00", "12-03T21:00", "12-24T09:00"];
        assert_eq!(begins(&several, "2026-11-01T00:00:00Z", "2027-03-01T00:00:00Z"), expect);
        let once = timing("2026-12-01T22:00:00", None);
        assert_eq!(begins(&once, "2026-11-01T00:00:00Z", "2027-03-01T00:00:00Z"), ["12-01T21:00"]);
        // From then on, not from the beginning.
        let for_ever = timing("2001-01-01T00:00:00", Some("FREQ=DAILY"));
        assert_eq!(for_ever.occurrences(utc("2026-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z"), 10).unwrap().len(), 10);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |change: fn(&mut Timing), field: &str| {
            let mut timing = timing("2026-12-01T22:00:00", Some("FREQ=DAILY"));
            change(&mut timing);
            match timing.validate() {
                Err(Refusal::Invalid { field: got, .. }) => assert_eq!(got, field, "{timing:?}"),
                other => panic!("{timing:?}: {other:?}"),
            }
        };
        check(|t| t.timezone = "Mars/Olympus".to_owned(), "timezone");
        check(|t| t.duration_s = 59, "duration_s");
        check(|t| t.duration_s = i32::MIN, "duration_s");
        check(|t| t.windows = vec![ExtraWindow { starts_at: t.starts_at, duration_s: Some(0) }], "windows[0].duration_s");
        for rule in [
            "",
            "FREQ",
            "FREQ=SECONDLY",
            "FREQ=HOURLY",
            "FREQ=DAILY;BYHOUR=1",
            "INTERVAL=2",
            "FREQ=DAILY;UNTIL=x",
            "FREQ=DAILY;COUNT=0;X=1",
            "FREQ=MONTHLY;BYMONTHDAY=77",
        ] {
            let mut timing = timing("2026-12-01T22:00:00", Some(rule));
            timing.rule = Some(rule.to_owned());
            assert!(matches!(timing.validate(), Err(Refusal::Invalid { field, .. }) if field == "rule"), "{rule}");
        }
        let mut far = timing("2026-12-01T22:00:00", None);
        far.starts_at = NaiveDateTime::MAX;
        assert!(far.validate().is_err());
    }
}
