//! Checks of systems: their runs, and running one now.

use crate::caller::Caller;
use crate::extract::{Path, Query, Submission, limit_or_default, time_in_range};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::check::{CheckDue, CheckRun, CheckRunPage, Latency, LatencyList, LatencyPoint};
use crate::{cursor, nouns, reply};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::{CHECK_RUNS_KEPT_DEFAULT, PAGE_MAX_ITEMS};
use domain::{Intention, NodeKind, Refusal};
use intentions::Outcome;
use serde::Deserialize;
use std::collections::HashSet;
use utoipa::IntoParams;
use uuid::Uuid;

const LATENCY_POINTS: i64 = 30;
/// The database's clock may be ahead of ours: "until now" means a little more.
const CLOCK_ROOM: TimeDelta = TimeDelta::hours(1);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Not before; by default 30 days before `to`.
    from: Option<DateTime<Utc>>,
    /// Before; by default now.
    to: Option<DateTime<Utc>>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List a system's check runs
///
/// Newest first.
#[utoipa::path(get, path = "/systems/{id}/checks", operation_id = "list_check_runs", tag = "systems",
    params(("id" = Uuid, Path, description = "The system"), RunsQuery),
    responses((status = 200, description = "A page of runs", body = CheckRunPage)))]
pub(crate) async fn list_check_runs(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<RunsQuery>,
) -> Result<Json<CheckRunPage>, Refused> {
    let limit = limit_or_default(query.limit)?;
    let before: Option<DateTime<Utc>> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let before = before.map(|at| time_in_range("cursor", at)).transpose()?;
    let to = time_in_range("to", query.to.unwrap_or_else(|| state.now() + CLOCK_ROOM))?;
    let from = time_in_range("from", query.from.unwrap_or(to - CHECK_RUNS_KEPT_DEFAULT))?;
    nouns::readable(&state, &caller, NodeKind::System, id).await?;
    let mut runs = store::check::list_runs(state.pool(), id, from, to, before, limit + 1).await?;
    let more = cursor::cut(&mut runs, limit);
    let next_cursor = runs.last().filter(|_| more).map(|last| cursor::encode(&last.at));
    Ok(Json(CheckRunPage { items: runs.into_iter().map(CheckRun::from).collect(), next_cursor }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LatencyQuery {
    /// Up to 200 ids, with commas between. Those one may not see are left out.
    #[param(pattern = "^[0-9a-fA-F-]{36}(,[0-9a-fA-F-]{36})*$")]
    ids: String,
}

/// The last 30 runs of several systems
///
/// For sparklines: oldest first.
#[utoipa::path(get, path = "/systems/latency", operation_id = "list_latency", tag = "systems", params(LatencyQuery),
    responses((status = 200, description = "In the order asked for", body = LatencyList)))]
pub(crate) async fn list_latency(
    state: State,
    caller: Caller,
    Query(query): Query<LatencyQuery>,
) -> Result<Json<LatencyList>, Refused> {
    let ids = parse_ids(&query.ids)?;
    let readable = store::node::list_readable_nodes_by_id(state.pool(), caller.reader(), &ids).await?;
    let readable: HashSet<Uuid> = readable.iter().filter(|n| n.kind == NodeKind::System).map(|n| n.id).collect();
    let ids: Vec<Uuid> = ids.into_iter().filter(|id| readable.contains(id)).collect();
    let points = store::check::list_recent_points(state.pool(), &ids, LATENCY_POINTS).await?;
    let items =
        points.into_iter().map(|(id, points)| Latency { id, points: points.into_iter().map(LatencyPoint::from).collect() });
    Ok(Json(LatencyList { items: items.collect() }))
}

fn parse_ids(text: &str) -> Result<Vec<Uuid>, Refusal> {
    let wrong = || Refusal::invalid("ids", format!("1 to {PAGE_MAX_ITEMS} UUIDs with commas between"));
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let id: Uuid = part.trim().parse().map_err(|_| wrong())?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    let most = usize::try_from(PAGE_MAX_ITEMS).unwrap_or(usize::MAX);
    if ids.is_empty() || ids.len() > most { Err(wrong()) } else { Ok(ids) }
}

/// Check a system now
///
/// Makes its check due, and wakes the prober of this process; that of another one comes by within a
/// second. The outcome comes like every other. Takes the level `member`.
#[utoipa::path(post, path = "/systems/{id}/check", operation_id = "check_now", tag = "systems",
    params(("id" = Uuid, Path, description = "The system"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 202, description = "It is due", body = CheckDue)))]
pub(crate) async fn check_now(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    nouns::readable(&state, &caller, NodeKind::System, id).await?;
    let render = |_: &[Outcome]| (StatusCode::ACCEPTED.as_u16(), serde_json::to_value(CheckDue { due: id }).unwrap_or_default());
    let intentions = vec![Intention::CheckNow { id }];
    Ok(reply::done(state.wiring.intentions.carry_out(&caller.actor, intentions, &context, render).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let a = Uuid::from_u128(1);
        let b = Uuid::from_u128(2);
        assert_eq!(parse_ids(&format!("{b},{a},{b},")).unwrap(), [b, a]);
        let many = (0..201).map(|n| Uuid::from_u128(n).to_string()).collect::<Vec<_>>().join(",");
        for bad in ["", ",", "x", many.as_str()] {
            assert!(parse_ids(bad).is_err(), "{bad}");
        }
    }
}
