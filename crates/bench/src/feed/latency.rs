//! From commit to socket: 500 writes a second, a thousand subscribers.

use super::Plan;
use super::seed::{self, Target};
use super::share::{Share, Watch};
use super::writers::{Kind, Schedule, WRITERS, Written, hold_transactions, paced};
use crate::load::{Crowd, Heard};
use crate::machine::{Postgres, Server};
use crate::report::{Bar, Report};
use crate::stats::{Spread, ms, quantile};
use serde_json::{Value, json};
use sqlx::Row;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use store::bootstrap::DATABASE;
use tokio::task::JoinSet;
use uuid::Uuid;

const WRITES_PER_S: u32 = 500;
const HELD: Duration = Duration::from_secs(2);
/// What has not arrived then counts as lost.
const STRAGGLERS_MAX: Duration = Duration::from_secs(5);
const P50_BAR_MS: f64 = 5.0;
const P99_BAR_MS: f64 = 25.0;

/// One way of measuring it.
struct Cell {
    writer: Kind,
    held: bool,
    name: &'static str,
    results: Vec<Measured>,
}

/// One run, in milliseconds.
struct Measured {
    p50: f64,
    p99: f64,
    /// At the second instance alone.
    elsewhere: Option<(f64, f64)>,
    /// Of our own writers: from the answer, which comes later than the commit.
    answered: Option<(f64, f64)>,
    write_p50: f64,
    write_p99: f64,
    writes_per_s: f64,
    missing: u64,
    share: Share,
}

fn cells() -> Vec<Cell> {
    let cell = |writer, held, name| Cell { writer, held, name, results: Vec::new() };
    vec![
        cell(Kind::Foreign, false, "foreign writers (SQL)"),
        cell(Kind::Own, false, "own writers (API)"),
        cell(Kind::Foreign, true, "foreign, beside a transaction held 2 s"),
        cell(Kind::Own, true, "own, beside a transaction held 2 s"),
    ]
}

pub(crate) async fn run(postgres: &Postgres, place: &Path, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let one = Server::start(place, "one", &postgres.server_url(DATABASE)).await?;
    let mut marks = 1;
    stage(postgres, &[&one], plan, &mut marks, report).await?;
    let two = Server::start(place, "two", &postgres.server_url(DATABASE)).await?;
    // Instances look for each other so often.
    eprintln!("commit to socket: waiting for two instances to know each other");
    tokio::time::sleep(domain::limits::HEARTBEAT_PERIOD * 2).await;
    stage(postgres, &[&one, &two], plan, &mut marks, report).await
}

/// Measures all cells in turn, with the subscribers spread over these servers.
async fn stage(
    postgres: &Postgres,
    servers: &[&Server],
    plan: &Plan,
    marks: &mut u32,
    report: &mut Report,
) -> anyhow::Result<()> {
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let mut crowd = Crowd::gather(seed::members(plan.shape.people, &addresses)).await?;
    let mut cells = cells();
    for run in 0..=plan.runs {
        for cell in &mut cells {
            let measured = Attempt { postgres, servers, plan }.measure(cell, &mut crowd, marks).await?;
            eprintln!(
                "commit to socket, {} instances, run {run}, {}: p50 {}, p99 {}",
                servers.len(),
                cell.name,
                ms(measured.p50),
                ms(measured.p99)
            );
            // The first warms everything up.
            if run > 0 {
                cell.results.push(measured);
            }
        }
    }
    tell(&cells, servers.len(), plan, report);
    for server in servers.iter().filter(|server| !server.complaints().is_empty()) {
        report.note(format!("the server complained: {}", server.complaints()));
    }
    Ok(())
}

struct Attempt<'a> {
    postgres: &'a Postgres,
    servers: &'a [&'a Server],
    plan: &'a Plan,
}

impl Attempt<'_> {
    async fn measure(&self, cell: &Cell, crowd: &mut Crowd, marks: &mut u32) -> anyhow::Result<Measured> {
        let targets = seed::targets(self.postgres, DATABASE, "system").await?;
        let every = Duration::from_secs(1) / WRITES_PER_S;
        let count = u32::try_from(self.plan.window.as_millis() / every.as_millis())?;
        let schedule = Schedule { first_mark: *marks, count, every };
        *marks += count;
        let mut holder = JoinSet::new();
        if cell.held {
            let (db, group) =
                (self.postgres.foreign_writer(DATABASE).await?, seed::targets(self.postgres, DATABASE, "group").await?[0]);
            holder.spawn(hold_transactions(db, group, HELD));
        }
        let clocks = (Instant::now(), wall_clock_us());
        let watch = Watch::begin(self.postgres, self.servers[0].pid()).await?;
        let before = crowd.delivered();
        crowd.record();
        let began = Instant::now();
        let written = paced(cell.writer, self.postgres, self.servers[0].address, &targets, schedule).await?;
        let took = began.elapsed();
        let share = watch.end();
        let expected = u64::from(count) * u64::from(self.plan.shape.audience());
        crowd.reach(before + expected, STRAGGLERS_MAX).await;
        let missing = (before + expected).saturating_sub(crowd.delivered());
        let heard = crowd.take()?;
        drop(holder);
        let committed = match cell.writer {
            Kind::Foreign => written.iter().map(|w| (w.mark, w.done_at)).collect(),
            Kind::Own => self.row_times(&targets, &written, clocks).await?,
        };
        let (p50, p99) = quantiles(&heard, 1, 0, &committed);
        let writes = sorted(written.iter().map(|w| (w.done_at - w.sent_at).as_secs_f64() * 1e3));
        Ok(Measured {
            p50,
            p99,
            elsewhere: (self.servers.len() > 1).then(|| quantiles(&heard, self.servers.len(), 1, &committed)),
            answered: (cell.writer == Kind::Own)
                .then(|| quantiles(&heard, 1, 0, &written.iter().map(|w| (w.mark, w.done_at)).collect())),
            write_p50: quantile(&writes, 0.5),
            write_p99: quantile(&writes, 0.99),
            writes_per_s: f64::from(count) / took.as_secs_f64(),
            missing,
            share,
        })
    }

    /// When the rows were written, by the database's own clock: before their commit. (When the API's
    /// commit returned is not seen from here.)
    async fn row_times(
        &self,
        targets: &[Target],
        written: &[Written],
        clocks: (Instant, i64),
    ) -> anyhow::Result<HashMap<u32, Instant>> {
        let mut db = self.postgres.superuser(DATABASE).await?;
        let ids: Vec<Uuid> = targets.iter().map(|target| target.id).collect();
        let rows = sqlx::query(
            "select id, version, (extract(epoch from at) * 1e6)::int8 as at_us from change_log
              where entity = 'node' and id = any($1) and at >= to_timestamp($2::float8 / 1e6)",
        )
        .bind(&ids)
        .bind(clocks.1)
        .fetch_all(&mut db)
        .await?;
        let mut times = HashMap::new();
        for row in rows {
            let at_us: i64 = row.try_get("at_us")?;
            let since = Duration::from_micros(u64::try_from(at_us - clocks.1).unwrap_or(0));
            times.insert((row.try_get::<Uuid, _>("id")?, row.try_get::<i64, _>("version")?), clocks.0 + since);
        }
        Ok(written.iter().filter_map(|w| Some((w.mark, *times.get(&(w.id, w.version))?))).collect())
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the database's clock, which is this machine's")]
fn wall_clock_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// p50 and p99 of what the subscribers heard, of every `step`th from `first` on, in milliseconds. A
/// frame may arrive before the writer hears that its commit is done: that is less than nothing.
fn quantiles(heard: &[Vec<Heard>], step: usize, first: usize, committed: &HashMap<u32, Instant>) -> (f64, f64) {
    let of = |one: &Heard| {
        let at = committed.get(&one.mark)?;
        Some(match one.at.checked_duration_since(*at) {
            Some(after) => after.as_secs_f64() * 1e3,
            None => -at.duration_since(one.at).as_secs_f64() * 1e3,
        })
    };
    let all = sorted(heard.iter().skip(first).step_by(step).flatten().filter_map(of));
    (quantile(&all, 0.5), quantile(&all, 0.99))
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn tell(cells: &[Cell], instances: usize, plan: &Plan, report: &mut Report) {
    let (people, scopes, audience) = (plan.shape.people, plan.shape.scopes, plan.shape.audience());
    let how = if instances == 1 { "one instance".to_owned() } else { format!("{instances} instances on one database") };
    report.section(format!("Commit → socket: {WRITES_PER_S} writes/s, {people} subscribers, {how}"));
    report.note(format!(
        "{people} people, signed in, each on \"kind:system\"; {scopes} workspaces for members only, so that each write is seen by {audience}; {WRITERS} writers on a fixed schedule"
    ));
    report.note("foreign: from the moment the COMMIT returned to its writer; own: from the row's own stamp, so with the commit itself: an upper bound");
    if instances > 1 {
        report.note("half of the subscribers at each instance; own writers write through the first");
    }
    let mut details = Vec::new();
    for cell in cells {
        let spread = |pick: fn(&Measured) -> f64| Spread::of(cell.results.iter().map(pick));
        let (p50, p99) = (spread(|m| m.p50), spread(|m| m.p99));
        report.line(format!("{}, p50", cell.name), Some(Bar::at_most(P50_BAR_MS, " ms", p50.median)), p50.show(ms));
        report.line(format!("{}, p99", cell.name), Some(Bar::at_most(P99_BAR_MS, " ms", p99.median)), p99.show(ms));
        let pair = |pick: fn(&Measured) -> Option<(f64, f64)>| {
            let pairs: Vec<_> = cell.results.iter().filter_map(pick).collect();
            (!pairs.is_empty()).then(|| (Spread::of(pairs.iter().map(|p| p.0)), Spread::of(pairs.iter().map(|p| p.1))))
        };
        for (name, pair) in [("at the second instance", pair(|m| m.elsewhere)), ("from the API's answer", pair(|m| m.answered))] {
            if let Some((p50, p99)) = pair {
                report.line(format!("    {name}, p50 and p99"), None, format!("{}, {}", p50.show(ms), p99.show(ms)));
            }
        }
        let (write_p50, write_p99) = (spread(|m| m.write_p50), spread(|m| m.write_p99));
        report.line("    the write itself, p50 and p99", None, format!("{}, {}", write_p50.show(ms), write_p99.show(ms)));
        let missing: u64 = cell.results.iter().map(|m| m.missing).sum();
        if missing > 0 {
            report.line("    not delivered as such (a newer version came instead)", None, missing.to_string());
        }
        details.push(detail(cell));
    }
    for (what, writer) in [("foreign", Kind::Foreign), ("own", Kind::Own)] {
        let shares = cells.iter().filter(|c| c.writer == writer).flat_map(|c| &c.results).map(|m| &m.share);
        report.note(format!("cores used, {what} writers: {}{}", if instances > 1 { "first " } else { "" }, Share::tell(shares)));
    }
    report.detail(&format!("latency_{instances}"), Value::Array(details));
}

fn detail(cell: &Cell) -> Value {
    let runs: Vec<Value> = cell
        .results
        .iter()
        .map(|m| {
            json!({
                "p50_ms": m.p50, "p99_ms": m.p99, "elsewhere_ms": m.elsewhere, "from_answer_ms": m.answered,
                "write_p50_ms": m.write_p50, "write_p99_ms": m.write_p99, "writes_per_s": m.writes_per_s,
                "missing": m.missing, "cores": m.share.json(),
            })
        })
        .collect();
    json!({ "name": cell.name, "runs": runs })
}
