//! The database: reachable, of the right version, migrated, set as it should be.

use super::{Finding, files};
use crate::config::Config;
use crate::database::Database;
use crate::preconditions::{self, Problem};
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::HEARTBEAT_LAPSE;
use store::Pool;
use store::database::Facts;
use store::migrate::Level;

const SKEW_WARN: TimeDelta = TimeDelta::seconds(2);
const SKEW_FAIL: TimeDelta = TimeDelta::seconds(30);
const TRANSACTION_WARN_S: f64 = 300.0;
/// Differences of the schema that are shown; `synops schema check` shows all.
const DIFFERENCES_SHOWN: usize = 5;

pub(super) async fn examine(database: &Database, config: &Config, findings: &mut Vec<Finding>) {
    if let Err(error) = look(&database.pool, config, findings).await {
        findings.push(Finding::fail("database", format!("it stopped answering: {error}"), "Look at PostgreSQL's log."));
    }
}

async fn look(pool: &Pool, config: &Config, findings: &mut Vec<Finding>) -> Result<(), store::Error> {
    let before = now();
    let facts = store::database::find_facts(pool).await?;
    let after = now();
    let size_mib = facts.size_bytes >> 20;
    let fine = format!("PostgreSQL {}, database {} as {}, {size_mib} MiB", facts.version, facts.database, facts.login);
    findings.push(judged("database", fine, preconditions::server_problem(&facts)));

    let rights = store::privilege::list_ddl_rights(pool).await?;
    let fine = format!("{} may change rows, and nothing else", facts.login);
    findings.push(judged("server's login", fine, preconditions::rights_problem(&facts, &rights)));
    if rights.is_empty() && store::privilege::may_make_temporary(pool).await? {
        findings.push(Finding::warn(
            "temporary tables",
            format!("{} may make temporary tables", facts.login),
            format!("Take that from it, as the owner: revoke temporary on database \"{}\" from public;", facts.database),
        ));
    }

    let level = store::migrate::level(pool).await?;
    findings.push(judged("migrations", "all applied".to_owned(), preconditions::level_problem(level)));
    findings.push(skew(&facts, before, after));
    findings.extend(settings(&facts, config));
    if level == Level::Current {
        let missing = store::privilege::list_missing_grants(pool).await?;
        findings.push(judged(
            "grants",
            "the server's login has the rows it needs".to_owned(),
            preconditions::grants_problem(&facts, &missing),
        ));
        findings.push(schema(pool).await?);
        if missing.is_empty() {
            findings.push(partitions(pool).await?);
            findings.extend(enrolment(pool, config).await?);
            findings.extend(files::owner(pool, config).await?);
            findings.extend(instances(pool, facts.now, config).await?);
        }
    }
    Ok(())
}

/// Where devices are made that nobody has made, if they are.
async fn enrolment(pool: &Pool, config: &Config) -> Result<Option<Finding>, store::Error> {
    let Some(said) = &config.enrol_in else { return Ok(None) };
    let name = "enrolment of devices";
    let there = match said.parse() {
        Ok(id) => store::node::find_node(pool, id).await?.map(|node| node.title),
        Err(_) => {
            let there = store::node::list_workspaces_by_title(pool, said, 2).await?;
            (there.len() == 1).then(|| said.clone())
        }
    };
    Ok(Some(match there {
        Some(title) => Finding::ok(name, format!("whoever introduces itself becomes a device in {title}")),
        None => Finding::fail(
            name,
            format!("{said} names no workspace, or several"),
            "Make it, or name another one in SYNOPS_TELEMETRY_ENROL_IN, by its title or its id: devices that nobody has made are turned away.",
        ),
    }))
}

#[expect(clippy::disallowed_methods, reason = "compares this machine's clock with the database's")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn judged(name: &'static str, fine: String, problem: Option<Problem>) -> Finding {
    match problem {
        None => Finding::ok(name, fine),
        Some(problem) => Finding::fail(name, problem.what, problem.advice),
    }
}

/// The database was asked between `before` and `after`.
fn skew(facts: &Facts, before: DateTime<Utc>, after: DateTime<Utc>) -> Finding {
    let skew = (facts.now - (before + (after - before) / 2)).abs();
    let detail = format!("this machine and the database differ by {} ms", skew.num_milliseconds());
    let advice = "Have both set their clocks by NTP (`timedatectl set-ntp true`): countdowns, sessions and checks go by them.";
    match skew {
        skew if skew > SKEW_FAIL => Finding::fail("clocks", detail, advice),
        skew if skew > SKEW_WARN => Finding::warn("clocks", detail, advice),
        _ => Finding::ok("clocks", detail),
    }
}

fn settings(facts: &Facts, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.fsync && facts.full_page_writes && facts.synchronous_commit != "off" {
        findings.push(Finding::ok("durability", format!("synchronous_commit = {}", facts.synchronous_commit)));
    } else {
        let what =
            if facts.fsync && facts.full_page_writes { "synchronous_commit is off" } else { "fsync or full_page_writes is off" };
        findings.push(Finding::warn(
            "durability",
            format!("{what}: writes that were acknowledged can be lost when the machine fails"),
            "Set synchronous_commit, fsync and full_page_writes to on in postgresql.conf.",
        ));
    }
    if facts.max_prepared_transactions > 0 {
        findings.push(Finding::warn(
            "two-phase commit",
            format!("max_prepared_transactions is {}", facts.max_prepared_transactions),
            "Set it to 0: the change feed does not know prepared transactions.",
        ));
    }
    if !facts.autovacuum {
        findings.push(Finding::warn("autovacuum", "it is off", "Set autovacuum to on: tables grow and slow down without it."));
    }
    // The feed and the prober have connections of their own.
    let wanted = i64::from(config.connections_max) + 4;
    let free = i64::from(facts.max_connections) - facts.connections;
    let detail = format!("{} of {} in use, {wanted} wanted by each server", facts.connections, facts.max_connections);
    findings.push(if free < wanted {
        Finding::warn("connections", detail, "Raise max_connections in postgresql.conf, or lower connections_max in synops.toml.")
    } else {
        Finding::ok("connections", detail)
    });
    if facts.oldest_transaction_s > TRANSACTION_WARN_S {
        findings.push(Finding::warn(
            "old transaction",
            format!("one has been open for {:.0} s", facts.oldest_transaction_s),
            "Find it (select pid, state, query from pg_stat_activity order by xact_start) and end it: nothing behind it can be vacuumed.",
        ));
    }
    findings
}

async fn schema(pool: &Pool) -> Result<Finding, store::Error> {
    let live = store::schema::list_schema(pool).await?;
    let differences = store::schema::differences(store::schema::EXPECTED, &live);
    if differences.is_empty() {
        return Ok(Finding::ok("schema", "as the migrations make it"));
    }
    let shown: Vec<String> = differences.iter().take(DIFFERENCES_SHOWN).map(ToString::to_string).collect();
    let detail = format!("{} differences from what the migrations make:\n{}", differences.len(), shown.join("\n"));
    Ok(Finding::fail(
        "schema",
        detail,
        "`synops schema check` shows all. Undo by hand what was changed by hand; the schema is the migrations' alone.",
    ))
}

async fn partitions(pool: &Pool) -> Result<Finding, store::Error> {
    Ok(match store::partition::count_caught(pool).await? {
        0 => Finding::ok("partitions", "no row fell through"),
        caught => Finding::warn(
            "partitions",
            format!("{caught} tables caught rows that had no partition of their day"),
            "No row is lost: a running server moves them when it makes the partition. If this stays, look in its log for \"partition\".",
        ),
    })
}

/// Who runs, by their own word. Where nobody has run for long, the feed's retention goes on all the same.
async fn instances(pool: &Pool, now: DateTime<Utc>, config: &Config) -> Result<Vec<Finding>, store::Error> {
    let all = store::instance::list_instances(pool).await?;
    let lapse = TimeDelta::from_std(HEARTBEAT_LAPSE).unwrap_or_default();
    let (alive, lapsed): (Vec<_>, Vec<_>) = all.into_iter().partition(|instance| now - instance.seen_at <= lapse);
    let names = |list: &[store::instance::Instance]| {
        list.iter().map(|i| format!("{} ({})", i.name, i.version)).collect::<Vec<_>>().join(", ")
    };
    let servers = if !lapsed.is_empty() {
        Finding::warn("servers", format!("not heard of lately: {}", names(&lapsed)), "If they should run, look at their logs.")
    } else if alive.is_empty() {
        Finding::ok("servers", "none runs now")
    } else {
        Finding::ok("servers", names(&alive))
    };
    Ok(std::iter::once(servers).chain(files::sharing(config, &alive)).collect())
}
