//! One stream to everybody: our server, and nchan with the same texts.

use super::Plan;
use super::seed::{self, Target, WRITER_TOKEN};
use crate::load::{Crowd, Http, Member, title_of};
use crate::machine::{Cpu, Nchan, Postgres, Server};
use crate::machine::{PUBLISH_PATH, SUBSCRIBE_PATH};
use crate::report::{Bar, Report};
use crate::stats::{Spread, rate, ratio};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Events that are published and not yet with everybody.
const WINDOW: u32 = 32;
const PUBLISHERS: u32 = 8;
const BAR_PER_S: f64 = 100_000.0;
/// Nobody waits longer for an event.
const ARRIVES_MAX: Duration = Duration::from_secs(10);

/// How one publishes.
enum Publisher {
    Sql { db: PgConnection, targets: Arc<[Target]>, turn: Arc<AtomicU32> },
    Nchan { http: Http, before: Arc<str>, after: Arc<str> },
}

impl Publisher {
    async fn publish(&mut self, mark: u32) -> anyhow::Result<()> {
        match self {
            Self::Sql { db, targets, turn } => {
                // Many more nodes than events under way: none is overtaken by its next version.
                let target = targets[turn.fetch_add(1, Ordering::Relaxed) as usize % targets.len()];
                sqlx::query("update nodes set title = $2 where id = $1").bind(target.id).bind(title_of(mark)).execute(db).await?;
            }
            Self::Nchan { http, before, after } => {
                let text = format!("{before}{}{after}", title_of(mark));
                let (status, answer) = http.send("POST", PUBLISH_PATH, &text).await?;
                ensure!(matches!(status, 200..=202), "nchan answered {status}: {answer}");
            }
        }
        Ok(())
    }
}

/// A server with its subscribers.
struct Side {
    name: String,
    pid: u32,
    crowd: Crowd,
    publishers: Vec<Publisher>,
    /// With so many events outstanding, and with one.
    many: Vec<Measured>,
    single: Vec<Measured>,
}

#[derive(Clone, Copy)]
struct Measured {
    per_s: f64,
    frames_per_s: f64,
    server_cores: f64,
    our_cores: f64,
}

pub(crate) async fn run(
    postgres: &Postgres,
    rivals: &[Nchan; 2],
    place: &Path,
    plan: &Plan,
    report: &mut Report,
) -> anyhow::Result<()> {
    let server = Server::start(place, "fan-out", &postgres.server_url(DATABASE)).await?;
    let targets = seed::targets(postgres, DATABASE, "group").await?;
    let (before, after) = sample(&server, &targets).await?;
    let bytes = before.len() + after.len() + title_of(0).len();
    let mut sides = vec![ours(postgres, &server, &targets, plan).await?];
    for (workers, rival) in ["1 worker", "2 workers"].into_iter().zip(rivals) {
        sides.push(theirs(rival, workers, (&before, &after), plan).await?);
    }
    let marks = AtomicU32::new(1);
    for run in 0..=plan.runs {
        for side in &mut sides {
            for window in [WINDOW, 1] {
                let measured = side.measure(window, plan.window, &marks).await?;
                eprintln!("fan-out, run {run}, {}, {window} under way: {}", side.name, rate(measured.per_s));
                // The first warms everything up.
                if run > 0 {
                    if window == 1 { &mut side.single } else { &mut side.many }.push(measured);
                }
            }
        }
    }
    tell(&sides, bytes, plan, report);
    if !server.complaints().is_empty() {
        report.note(format!("the server complained: {}", server.complaints()));
    }
    Ok(())
}

/// The text of a frame with one event, before and after the title.
async fn sample(server: &Server, targets: &[Target]) -> anyhow::Result<(Arc<str>, Arc<str>)> {
    let mut http = Http::connect(server.address, Some(WRITER_TOKEN)).await?;
    let (status, node) = http.send("GET", &format!("/api/v1/nodes/{}", targets[0].id), "").await?;
    ensure!(status == 200, "a node was answered {status}: {node}");
    let frame =
        format!(r#"{{"type":"changes","token":"0123456789abcdef~100000:100000:","events":[{{"op":"upsert","node":{node}}}]}}"#);
    let (before, rest) = frame.split_once(r#""title":""#).context("a node without a title")?;
    let (_, after) = rest.split_once('"').context("a title without an end")?;
    Ok((format!(r#"{before}"title":""#).into(), format!("\"{after}").into()))
}

async fn ours(postgres: &Postgres, server: &Server, targets: &[Target], plan: &Plan) -> anyhow::Result<Side> {
    let crowd = Crowd::gather(seed::members(plan.shape.people, &[server.address])).await?;
    let (targets, turn): (Arc<[Target]>, Arc<AtomicU32>) = (targets.into(), Arc::default());
    let mut publishers = Vec::new();
    for _ in 0..PUBLISHERS {
        let db = postgres.foreign_writer(DATABASE).await?;
        publishers.push(Publisher::Sql { db, targets: Arc::clone(&targets), turn: Arc::clone(&turn) });
    }
    Ok(Side { name: "Synops".to_owned(), pid: server.pid(), crowd, publishers, many: Vec::new(), single: Vec::new() })
}

async fn theirs(nchan: &Nchan, workers: &str, (before, after): (&Arc<str>, &Arc<str>), plan: &Plan) -> anyhow::Result<Side> {
    let member = Member { address: nchan.address, path: SUBSCRIBE_PATH, token: None, topics: Vec::new() };
    let crowd = Crowd::gather(vec![member; plan.shape.people as usize]).await?;
    let mut publishers = Vec::new();
    for _ in 0..PUBLISHERS {
        let http = Http::connect(nchan.address, None).await?;
        publishers.push(Publisher::Nchan { http, before: Arc::clone(before), after: Arc::clone(after) });
    }
    Ok(Side { name: format!("nchan, {workers}"), pid: nchan.pid(), crowd, publishers, many: Vec::new(), single: Vec::new() })
}

impl Side {
    /// Publishes for so long, with at most `window` events under way; then waits for the last.
    async fn measure(&mut self, window: u32, length: Duration, marks: &AtomicU32) -> anyhow::Result<Measured> {
        let (delivered, frames, size) = (self.crowd.delivered(), self.crowd.frames(), self.crowd.size());
        let (server, us) = (Cpu::of_family(self.pid), Cpu::of_us());
        let began = Instant::now();
        let published = self.publish(window, began + length, marks).await?;
        self.crowd.check()?;
        let (got, wanted) = (self.crowd.delivered() - delivered, u64::from(published) * size);
        ensure!(got >= wanted, "{}: {got} of {wanted} deliveries came within {ARRIVES_MAX:?}", self.name);
        let seconds = began.elapsed().as_secs_f64();
        Ok(Measured {
            per_s: got as f64 / seconds,
            frames_per_s: (self.crowd.frames() - frames) as f64 / seconds,
            server_cores: server.cores(),
            our_cores: us.cores(),
        })
    }

    /// Answers how many events were published; all of them have arrived, or waited for long enough.
    async fn publish(&mut self, window: u32, until: Instant, marks: &AtomicU32) -> anyhow::Result<u32> {
        let (before, size) = (self.crowd.delivered(), self.crowd.size());
        let permits = Arc::new(Semaphore::new(0));
        let published = Arc::new(AtomicU32::new(0));
        let mut tasks: JoinSet<anyhow::Result<Publisher>> = JoinSet::new();
        for mut publisher in self.publishers.drain(..) {
            let (permits, published) = (Arc::clone(&permits), Arc::clone(&published));
            let first = marks.fetch_add(1_000_000, Ordering::Relaxed) % 90_000_000;
            tasks.spawn(async move {
                let mut mark = first;
                // Closed when the time is over.
                while let Ok(permit) = permits.acquire().await {
                    permit.forget();
                    mark += 1;
                    publisher.publish(mark).await?;
                    published.fetch_add(1, Ordering::SeqCst);
                }
                Ok(publisher)
            });
        }
        let mut allowed = window;
        permits.add_permits(window as usize);
        while Instant::now() < until {
            // One more for each that everybody has.
            let next = before + u64::from(allowed - window + 1) * size;
            if !self.crowd.reach(next, ARRIVES_MAX).await {
                break;
            }
            allowed += 1;
            permits.add_permits(1);
        }
        permits.close();
        while let Some(done) = tasks.join_next().await {
            self.publishers.push(done??);
        }
        let published = published.load(Ordering::SeqCst);
        self.crowd.reach(before + u64::from(published) * size, ARRIVES_MAX).await;
        Ok(published)
    }
}

fn tell(sides: &[Side], bytes: usize, plan: &Plan, report: &mut Report) {
    let people = plan.shape.people;
    report.section(format!("Deliveries: one stream to {people} subscribers, on the cores of this machine"));
    report.note(format!("texts of {bytes} bytes; at most {WINDOW} events published and not yet with everybody; the same subscribers and counting for all"));
    report.note("Synops: updates by SQL, judged for each subscriber, sent as frames that may hold several events; nchan: posted over HTTP, no access control, a frame each");
    let spread = |measured: &[Measured], pick: fn(&Measured) -> f64| Spread::of(measured.iter().map(pick));
    let per_s = |side: &Side| spread(&side.many, |m| m.per_s);
    let own = per_s(&sides[0]);
    report.line("Synops", Some(Bar::at_least(&rate(BAR_PER_S), BAR_PER_S, own.median)), own.show(rate));
    for side in &sides[1..] {
        report.line(side.name.clone(), None, per_s(side).show(rate));
    }
    // Against the better of the two in each run.
    let better = |pick: fn(&Side) -> &Vec<Measured>| {
        let run = |at: usize| sides[1..].iter().map(|side| pick(side)[at].per_s).fold(f64::NAN, f64::max);
        Spread::of((0..pick(&sides[0]).len()).map(|at| pick(&sides[0])[at].per_s / run(at)))
    };
    let ahead = better(|side| &side.many);
    report.line("Synops : the better nchan", Some(Bar::at_least("1 ×", 1.0, ahead.median)), ahead.show(ratio));
    for side in sides {
        report.line(format!("    one event at a time, {}", side.name), None, spread(&side.single, |m| m.per_s).show(rate));
    }
    report.line("    one event at a time, Synops : the better nchan", None, better(|side| &side.single).show(ratio));
    for side in sides {
        let (frames, server, us) = (
            spread(&side.many, |m| m.frames_per_s).median,
            spread(&side.many, |m| m.server_cores).median,
            spread(&side.many, |m| m.our_cores).median,
        );
        report.note(format!("{}: {} frames; cores used: server {server:.2}, load generator {us:.2}", side.name, rate(frames)));
    }
    let runs = |measured: &[Measured]| -> Value {
        let one = |m: &Measured| json!({ "per_s": m.per_s, "frames_per_s": m.frames_per_s, "server_cores": m.server_cores, "generator_cores": m.our_cores });
        measured.iter().map(one).collect()
    };
    let details: Vec<Value> = sides
        .iter()
        .map(|side| json!({ "name": side.name, "runs": runs(&side.many), "one_at_a_time": runs(&side.single) }))
        .collect();
    report.detail("fan_out", json!({ "bytes": bytes, "sides": details, "over_nchan": ahead.json() }));
}
