//! What the feed costs writers: the same updates with it, without it, and with plain NOTIFY.

use super::Plan;
use super::seed::{self, Target};
use super::share::{Share, Watch};
use super::variants::{self, BARE, FOREIGN, NONE, OWN, PLAIN_CHANNEL, PLAIN_NOTIFY, UNREAD, VARIANTS, Variant};
use crate::load::{Crowd, title_of};
use crate::machine::{Postgres, Server};
use crate::report::{Bar, Report};
use crate::stats::{Spread, rate, ratio};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnection, PgListener};
use std::path::Path;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Subscribers while the feed is written: enough to have frames made and sent. Fan-out is measured apart.
const SUBSCRIBERS: u32 = 10;
/// As two servers would listen.
const PLAIN_LISTENERS: usize = 2;
const RING_EVERY: Duration = Duration::from_millis(1);
/// Between two measurements: who reads the feed gets level.
const SETTLE: Duration = Duration::from_millis(400);

struct Setting {
    title: &'static str,
    name: &'static str,
    writers: usize,
    bar: f64,
    /// Over the plain-NOTIFY design.
    over_plain: Option<f64>,
}

pub(crate) async fn fast(postgres: &Postgres, place: &Path, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let title = "Write rate with the feed: 8 writers, as fast as this disk flushes";
    let setting = Setting { title, name: "writes_fast", writers: 8, bar: 0.6, over_plain: None };
    run(&setting, postgres, place, plan, report).await
}

pub(crate) async fn slow(postgres: &Postgres, place: &Path, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let title = "Write rate with the feed: 32 writers, a flush of 5 ms (commit_delay = 5000, commit_siblings = 0)";
    let setting = Setting { title, name: "writes_slow", writers: 32, bar: 0.9, over_plain: Some(20.0) };
    run(&setting, postgres, place, plan, report).await
}

/// One run of one variant.
#[derive(Clone, Copy)]
struct Measured {
    per_s: f64,
    share: Share,
}

async fn run(setting: &Setting, postgres: &Postgres, place: &Path, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    variants::make(postgres).await?;
    let server = Server::start(place, setting.name, &postgres.server_url(DATABASE)).await?;
    let mut crowd = Crowd::gather(
        seed::members(SUBSCRIBERS * plan.shape.scopes, &[server.address]).into_iter().take(SUBSCRIBERS as usize).collect(),
    )
    .await?;
    let mut listening = JoinSet::new();
    for _ in 0..PLAIN_LISTENERS {
        let mut listener = PgListener::connect(&postgres.server_url("bench_notify")).await?;
        listener.listen(PLAIN_CHANNEL).await?;
        listening.spawn(async move { while listener.recv().await.is_ok() {} });
    }
    let mut cells = Vec::new();
    for variant in &VARIANTS {
        cells.push(Cell::new(variant, setting.writers, postgres).await?);
    }
    for run in 0..=plan.runs {
        for cell in &mut cells {
            // The first warms everything up.
            let window = if run == 0 { plan.window / 4 } else { plan.window };
            let measured = cell.measure(window, postgres, &server).await?;
            eprintln!("{}, run {run}, {}: {}", setting.name, cell.variant.name, rate(measured.per_s));
            if run > 0 {
                cell.results.push(measured);
            }
            sleep(SETTLE).await;
        }
    }
    crowd.check()?;
    tell(setting, &cells, report);
    if !server.complaints().is_empty() {
        report.note(format!("the server complained: {}", server.complaints()));
    }
    Ok(())
}

/// A variant with its writers.
struct Cell {
    variant: &'static Variant,
    writers: Vec<Writer>,
    results: Vec<Measured>,
}

struct Writer {
    db: PgConnection,
    statement: String,
    mine: Vec<Target>,
    turn: usize,
}

impl Cell {
    async fn new(variant: &'static Variant, count: usize, postgres: &Postgres) -> anyhow::Result<Self> {
        let targets = seed::targets(postgres, variant.database, "system").await?;
        let mut writers = Vec::new();
        for n in 0..count {
            let db = if variant.own {
                postgres.own_writer(variant.database).await?
            } else {
                postgres.foreign_writer(variant.database).await?
            };
            let statement = format!("update {} set title = $2 where id = $1", variant.table);
            // Rows of its own: none waits for another's lock.
            let mine = targets.iter().skip(n).step_by(count).copied().collect();
            writers.push(Writer { db, statement, mine, turn: 0 });
        }
        Ok(Self { variant, writers, results: Vec::new() })
    }

    async fn measure(&mut self, window: Duration, postgres: &Postgres, server: &Server) -> anyhow::Result<Measured> {
        let mut ringing = JoinSet::new();
        if self.variant.own {
            ringing.spawn(ring(postgres.own_writer(self.variant.database).await?));
        }
        let watch = Watch::begin(postgres, server.pid()).await?;
        let began = Instant::now();
        let until = began + window;
        let mut tasks: JoinSet<anyhow::Result<(Writer, u64)>> = JoinSet::new();
        for writer in self.writers.drain(..) {
            tasks.spawn(writer.write(until));
        }
        let mut writes = 0;
        while let Some(done) = tasks.join_next().await {
            let (writer, count) = done??;
            self.writers.push(writer);
            writes += count;
        }
        let per_s = writes as f64 / began.elapsed().as_secs_f64();
        Ok(Measured { per_s, share: watch.end() })
    }
}

impl Writer {
    /// One commit after the other; answers how many.
    async fn write(mut self, until: Instant) -> anyhow::Result<(Self, u64)> {
        let mut count = 0;
        while Instant::now() < until {
            self.turn += 1;
            let target = self.mine[self.turn % self.mine.len()];
            let title = title_of(u32::try_from(self.turn)?);
            // The table's name is one of ours.
            let update = sqlx::query(AssertSqlSafe(self.statement.as_str())).bind(target.id).bind(title);
            update.execute(&mut self.db).await?;
            count += 1;
        }
        Ok((self, count))
    }
}

/// Rings as a server does for its own writers' commits: outside of their transactions, at most once
/// a millisecond.
async fn ring(mut db: PgConnection) -> Result<(), sqlx::Error> {
    loop {
        store::feed::ring(&mut db).await?;
        sleep(RING_EVERY).await;
    }
}

fn tell(setting: &Setting, cells: &[Cell], report: &mut Report) {
    report.section(setting.title);
    report.note(
        "`update nodes set title = …` of one row a transaction, synchronous_commit and fsync on; each writer has rows of its own",
    );
    report.note("each variant has a copy of the whole database in one cluster; they take turns, one at a time, the same writers and statements");
    report.note(format!("while the feed is written a real server reads it and tells {SUBSCRIBERS} subscribers; own writers are rung for once a millisecond"));
    report.note(format!(
        "plain pg_notify: {PLAIN_LISTENERS} connections listen, and do nothing else; the others have no reader at all"
    ));
    let rates = |at: usize| cells[at].results.iter().map(|m| m.per_s).collect::<Vec<_>>();
    for (at, cell) in cells.iter().enumerate() {
        report.line(cell.variant.name, None, Spread::of(rates(at)).show(rate));
    }
    let over = |of: usize, to: usize| Spread::of(rates(of).iter().zip(rates(to)).map(|(a, b)| a / b));
    let mut details = serde_json::Map::new();
    let mut tell = |name: &str, of: usize, to: usize, bar: Option<(String, f64)>| {
        let spread = over(of, to);
        let bar = bar.map(|(text, bar)| Bar::at_least(&text, bar, spread.median));
        report.line(name, bar, spread.show(ratio));
        details.insert(name.to_owned(), spread.json());
    };
    let bar = || Some((setting.bar.to_string(), setting.bar));
    tell("own writers : no feed", OWN, NONE, bar());
    tell("foreign writers : no feed", FOREIGN, NONE, bar());
    let plain = || setting.over_plain.map(|bar| (format!("{bar} ×"), bar));
    tell("own writers : plain pg_notify", OWN, PLAIN_NOTIFY, plain());
    tell("foreign writers : plain pg_notify", FOREIGN, PLAIN_NOTIFY, plain());
    tell("    plain pg_notify : no feed", PLAIN_NOTIFY, NONE, None);
    tell("    stricter: own writers : a bare table", OWN, BARE, None);
    tell("    stricter: foreign writers : a bare table", FOREIGN, BARE, None);
    tell("    the log alone, nobody reading : no feed", UNREAD, NONE, None);
    let runs: Vec<_> = cells
        .iter()
        .map(|cell| {
            let runs: Vec<_> = cell.results.iter().map(|m| json!({ "per_s": m.per_s, "cores": m.share.json() })).collect();
            json!({ "name": cell.variant.name, "runs": runs })
        })
        .collect();
    for (what, at) in [("without the feed", NONE), ("with own writers", OWN), ("with foreign writers", FOREIGN)] {
        report.note(format!("cores used {what}: {}", Share::tell(cells[at].results.iter().map(|m| &m.share))));
    }
    report.detail(setting.name, json!({ "ratios": details, "variants": runs }));
}
