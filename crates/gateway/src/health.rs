//! The health page's figures: what the database, the pool, the checks, the other instances and the
//! disk say right now.

use crate::admin::administrator;
use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::health::{DatabaseHealth, DiskHealth, Health, HealthCheck, InstanceHealth, PoolHealth, ProberHealth};
use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::HEARTBEAT_LAPSE;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::Duration;
use store::check::ProberStats;
use store::database::Facts;
use store::migrate::Level as SchemaLevel;

/// A network disk that hangs must not hang the page that would show it.
const DISK_ANSWERS_WITHIN: Duration = Duration::from_secs(2);
const GIGABYTE: f64 = 1_000_000_000.0;

/// How Synops does
///
/// Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/health", operation_id = "get_health", tag = "admin",
    responses((status = 200, description = "As it is now", body = Health)))]
pub(crate) async fn get_health(state: State, caller: Caller) -> Result<Json<Health>, Refused> {
    administrator(&state, &caller).await?;
    let pool = state.pool();
    let now = state.now();
    let facts = store::database::find_facts(pool).await?;
    let schema = store::migrate::level(pool).await?;
    let caught = store::partition::count_caught(pool).await?;
    let prober = store::check::find_stats(pool).await?;
    let instances = store::instance::list_instances(pool).await?;
    let feed = state.feed_level();
    let disk = disk(state.settings().data_dir.clone()).await;

    let mut checks = vec![check_schema(schema), check_feed(&feed), check_clock(&facts, now), check_connections(&facts)];
    checks.extend([check_transactions(&facts), check_partitions(caught), check_prober(&prober)]);
    checks.extend(disk.map(check_disk));
    let own_id = state.settings().instance_id;
    let instances = instances.into_iter().filter(|i| (now - i.seen_at).to_std().unwrap_or_default() < HEARTBEAT_LAPSE);
    Ok(Json(Health {
        checks,
        pool: PoolHealth { open: pool.size(), idle: pool.num_idle(), max: pool.options().get_max_connections() },
        database: database(facts),
        feed: feed_figures(&state, feed.is_ok()),
        sockets: socket_figures(&state),
        prober: prober_health(&prober),
        instances: instances.map(|i| instance(i, own_id)).collect(),
        disk,
    }))
}

fn feed_figures(state: &State, level: bool) -> Map<String, Value> {
    let feed = state.wiring.feed.borrow();
    object(json!({
        "level": level, "level_at": feed.level_at, "lag_s": feed.lag_s, "rows": feed.rows, "reconnects": feed.reconnects,
    }))
}

fn socket_figures(state: &State) -> Map<String, Value> {
    let stats = state.hub().stats();
    object(json!({
        "open": stats.sockets, "people": stats.people, "subscriptions": stats.subscriptions, "queued_bytes": stats.queued_bytes,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

fn database(facts: Facts) -> DatabaseHealth {
    DatabaseHealth {
        version: facts.version,
        size_bytes: facts.size_bytes,
        connections: facts.connections,
        connections_max: facts.max_connections,
        oldest_transaction_s: facts.oldest_transaction_s,
    }
}

fn prober_health(stats: &ProberStats) -> ProberHealth {
    ProberHealth {
        checked_systems: stats.checked_systems,
        due: stats.due,
        overdue: stats.overdue,
        running: stats.running,
        runs_last_minute: stats.runs_last_minute,
        failures_last_minute: stats.failures_last_minute,
    }
}

fn instance(i: store::instance::Instance, own_id: uuid::Uuid) -> InstanceHealth {
    let current = i.id == own_id;
    InstanceHealth {
        id: i.id,
        name: i.name,
        version: i.version,
        roles: i.roles,
        started_at: i.started_at,
        seen_at: i.seen_at,
        current,
    }
}

fn check_schema(level: SchemaLevel) -> HealthCheck {
    let (ok, detail, advice) = match level {
        SchemaLevel::Current => (true, "all migrations have run".to_owned(), None),
        SchemaLevel::Behind { missing } => (false, format!("{missing} migrations have not run"), Some("run `synops migrate`")),
        SchemaLevel::Ahead { unknown } => {
            (false, format!("{unknown} migrations are newer than this server"), Some("update this server"))
        }
        SchemaLevel::Empty => (false, "no migration has run".to_owned(), Some("run `synops migrate`")),
    };
    HealthCheck { name: "schema", ok, detail, advice }
}

fn check_feed(level: &Result<(), String>) -> HealthCheck {
    let detail = level.as_ref().err().cloned().unwrap_or_else(|| "level with the database".to_owned());
    let advice = "open pages show data that ages: look for the tailer's errors in the log";
    HealthCheck { name: "feed", ok: level.is_ok(), detail, advice: level.is_err().then_some(advice) }
}

fn check_clock(facts: &Facts, now: DateTime<Utc>) -> HealthCheck {
    let skew = (facts.now - now).abs();
    let ok = skew < TimeDelta::seconds(2);
    let detail = format!("the database's clock is {:.1} s away from this server's", skew.as_seconds_f64());
    HealthCheck { name: "clock", ok, detail, advice: (!ok).then_some("set both machines' clocks by NTP") }
}

fn check_connections(facts: &Facts) -> HealthCheck {
    let ok = facts.connections * 10 < i64::from(facts.max_connections) * 9;
    let detail = format!("{} of {} connections to the database cluster", facts.connections, facts.max_connections);
    HealthCheck { name: "connections", ok, detail, advice: (!ok).then_some("raise max_connections, or find who holds them") }
}

fn check_transactions(facts: &Facts) -> HealthCheck {
    let ok = facts.oldest_transaction_s < 300.0;
    let detail = format!("the oldest open transaction began {:.0} s ago", facts.oldest_transaction_s);
    let advice = "an open transaction keeps vacuum from its work: look for it in pg_stat_activity";
    HealthCheck { name: "transactions", ok, detail, advice: (!ok).then_some(advice) }
}

fn check_partitions(caught: i64) -> HealthCheck {
    let ok = caught == 0;
    let detail = if ok { "made ahead".to_owned() } else { format!("{caught} tables caught rows in their default partition") };
    HealthCheck {
        name: "partitions",
        ok,
        detail,
        advice: (!ok).then_some("upkeep came too late: look for its errors in the log"),
    }
}

fn check_prober(stats: &ProberStats) -> HealthCheck {
    let ok = stats.overdue == 0;
    let detail = format!("{} systems, {} checks overdue", stats.checked_systems, stats.overdue);
    HealthCheck {
        name: "checks",
        ok,
        detail,
        advice: (!ok).then_some("start a server with the role prober, or lengthen intervals"),
    }
}

fn check_disk(disk: DiskHealth) -> HealthCheck {
    let ok = disk.free_bytes.saturating_mul(10) > disk.total_bytes && disk.free_bytes > 1_000_000_000;
    #[expect(clippy::cast_precision_loss, reason = "for the eye, in tenths of gigabytes")]
    let detail = format!("{:.1} of {:.1} GB free", disk.free_bytes as f64 / GIGABYTE, disk.total_bytes as f64 / GIGABYTE);
    HealthCheck { name: "disk", ok, detail, advice: (!ok).then_some("make room where the data directory lies") }
}

async fn disk(data_dir: Option<PathBuf>) -> Option<DiskHealth> {
    let looking = tokio::task::spawn_blocking(move || rustix::fs::statvfs(data_dir?.as_path()).ok());
    let stat = tokio::time::timeout(DISK_ANSWERS_WITHIN, looking).await.ok()?.ok()??;
    Some(DiskHealth {
        total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_well_says_what_to_do() {
        let check = |check: HealthCheck, ok: bool| {
            assert_eq!((check.ok, check.advice.is_some()), (ok, !ok), "{check:?}");
        };
        check(check_schema(SchemaLevel::Current), true);
        check(check_schema(SchemaLevel::Behind { missing: 1 }), false);
        check(check_feed(&Ok(())), true);
        check(check_feed(&Err("12 s behind".into())), false);
        check(check_partitions(0), true);
        check(check_partitions(1), false);
        check(check_prober(&ProberStats { overdue: 1, ..ProberStats::default() }), false);
        check(check_disk(DiskHealth { total_bytes: 100_000_000_000, free_bytes: 50_000_000_000 }), true);
        check(check_disk(DiskHealth { total_bytes: 100_000_000_000, free_bytes: 9_000_000_000 }), false);
    }

    #[tokio::test]
    async fn the_disk_is_found() {
        let disk = disk(Some(env!("CARGO_MANIFEST_DIR").into())).await.unwrap();
        assert!(disk.total_bytes > 0 && disk.free_bytes <= disk.total_bytes);
        assert!(super::disk(None).await.is_none());
    }
}
