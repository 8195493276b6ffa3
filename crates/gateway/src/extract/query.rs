//! Query strings.

use super::body::shortened;
use crate::refusal::Refused;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike, Utc};
use domain::Refusal;
use domain::limits::{BULK_IDS_MAX, PAGE_DEFAULT_ITEMS, PAGE_MAX_ITEMS};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use utoipa::IntoParams;
use uuid::Uuid;

/// The query string; names that a route doesn't know are let be.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        Ok(query.map(|axum::extract::Query(value)| Self(value)).map_err(|rejection| named(&rejection.body_text()))?)
    }
}

/// axum's text ends `<field>: <why>` when it knows the field.
fn named(text: &str) -> Refusal {
    let told = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    match told.split_once(": ") {
        Some((field, why)) if field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            Refusal::invalid(field, shortened(why))
        }
        _ => Refusal::invalid("query", shortened(told)),
    }
}

/// Where a page begins, and how long it is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<i64>,
}

/// The page length asked for, or the usual one.
pub(crate) fn limit_or_default(limit: Option<i64>) -> Result<i64, Refusal> {
    match limit.unwrap_or(PAGE_DEFAULT_ITEMS) {
        limit if (1..=PAGE_MAX_ITEMS).contains(&limit) => Ok(limit),
        _ => Err(Refusal::invalid("limit", format!("1 to {PAGE_MAX_ITEMS}"))),
    }
}

/// Values of a closed list, with commas between.
pub(crate) fn one_or_several<T: Copy + Display>(field: &'static str, text: &str, all: &'static [T]) -> Result<Vec<T>, Refusal> {
    let wrong = || {
        let known: Vec<String> = all.iter().map(ToString::to_string).collect();
        Refusal::invalid(field, format!("one or several of {}, with commas between", known.join(", ")))
    };
    if text.split(',').count() > all.len() {
        return Err(wrong());
    }
    let one = |name: &str| all.iter().copied().find(|value| value.to_string() == name.trim());
    text.split(',').map(|name| one(name).ok_or_else(wrong)).collect()
}

/// Ids asked about at once, each once.
pub(crate) fn bulk_ids(field: &'static str, mut ids: Vec<Uuid>) -> Result<Vec<Uuid>, Refusal> {
    if ids.len() > BULK_IDS_MAX {
        return Err(Refusal::invalid(field, format!("at most {BULK_IDS_MAX}")));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// PostgreSQL keeps no NUL in a text.
pub(crate) fn text_without_nul(field: &'static str, text: &str, max_chars: usize) -> Result<(), Refusal> {
    if text.contains('\0') || text.chars().count() > max_chars {
        return Err(Refusal::invalid(field, format!("at most {max_chars} characters, without NUL")));
    }
    Ok(())
}

/// A time that PostgreSQL and chrono both can tell.
pub(crate) fn time_in_range(field: &'static str, time: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
    if (1970..=9999).contains(&time.year()) { Ok(time) } else { Err(Refusal::invalid(field, "a time from 1970 to 9999")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::Query as AxumQuery;

    #[test]
    fn a_wrong_field_is_named() {
        let check = |query: &str, field: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            let rejection = AxumQuery::<PageQuery>::try_from_uri(&uri).err().unwrap_or_else(|| panic!("{query}"));
            match named(&rejection.body_text()) {
                Refusal::Invalid { field: got, .. } => assert_eq!(got, field, "{query}"),
                other => panic!("{other}"),
            }
        };
        check("limit=x", "limit");
        check("limit=99999999999999999999", "limit");
        check("limit=1&limit=2", "query");
    }

    #[test]
    fn limits() {
        assert_eq!(limit_or_default(None).unwrap(), PAGE_DEFAULT_ITEMS);
        assert_eq!(limit_or_default(Some(200)).unwrap(), 200);
        for bad in [0, -1, 201, i64::MAX] {
            assert!(limit_or_default(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn closed_lists() {
        use domain::maintenance::MaintenanceState;
        let check = |text: &str, expect: Option<&[MaintenanceState]>| {
            assert_eq!(one_or_several("state", text, MaintenanceState::ALL).ok().as_deref(), expect, "{text:?}");
        };
        check("scheduled", Some(&[MaintenanceState::Scheduled]));
        check("in_progress, verifying", Some(&[MaintenanceState::InProgress, MaintenanceState::Verifying]));
        for bad in ["", ",", "scheduled,", "nonsense", "scheduled,scheduled,scheduled,scheduled,scheduled,scheduled"] {
            check(bad, None);
        }
    }

    #[test]
    fn bulk() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(bulk_ids("ids", vec![b, a, b]).unwrap(), [a, b]);
        assert!(bulk_ids("ids", vec![a; BULK_IDS_MAX]).is_ok() && bulk_ids("ids", vec![a; BULK_IDS_MAX + 1]).is_err());
    }

    #[test]
    fn times() {
        let time = |text: &str| time_in_range("from", text.parse().unwrap()).is_ok();
        assert!(time("2026-01-01T00:00:00Z"));
        assert!(!time("+262000-01-01T00:00:00Z"));
        assert!(!time("-0001-01-01T00:00:00Z"));
    }
}
