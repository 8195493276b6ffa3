//! `bench reads`: a page of 50 maintenances over HTTP, from the cache and without it, while somebody
//! writes once a second; beside the same two queries by themselves, which no server can be faster than
//! without a cache.

mod plain;
mod seed;

use crate::load::Http;
use crate::machine::{Postgres, Server, binaries_dir, scratch};
use crate::report::{Bar, Report};
use crate::stats::{Spread, ms, quantile, rate, ratio};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What everybody asks for: the first page.
const PATH: &str = "/api/v1/maintenances?limit=50";
const CONNECTIONS: usize = 16;
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Requests whose like nobody has made.
const COLD: u32 = 200;
const RATE_BAR: f64 = 10_000.0;
const P99_BAR_MS: f64 = 10.0;

/// Options of `bench reads`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; the medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    runs: u32,
    /// How long each measurement takes, in milliseconds.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(500..=60_000))]
    window_ms: u64,
    /// How many maintenances there are.
    #[arg(long, value_delimiter = ',', default_values_t = [50_u32, 5_000])]
    maintenances: Vec<u32>,
}

/// One way of reading.
#[derive(Default)]
struct Way {
    rates: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    cold_ms: Vec<f64>,
}

impl Way {
    fn add(&mut self, mut latencies: Vec<f64>, took: Duration) {
        latencies.sort_by(f64::total_cmp);
        self.rates.push(latencies.len() as f64 / took.as_secs_f64());
        self.p50_ms.push(quantile(&latencies, 0.5));
        self.p99_ms.push(quantile(&latencies, 0.99));
    }

    fn rate(&self) -> Spread {
        Spread::of(self.rates.iter().copied())
    }

    fn json(&self) -> Value {
        json!({ "rates": self.rates, "p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "cold_ms": self.cold_ms })
    }
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let (began, window) = (Instant::now(), Duration::from_millis(args.window_ms));
    let place = scratch()?;
    let mut report = Report::new("reads");
    for count in &args.maintenances {
        let postgres = Postgres::start(&place.path().join(format!("with-{count}")), &[]).await?;
        seed::fill(&postgres, *count).await?;
        let [mut cached, mut off, mut plain] = [Way::default(), Way::default(), Way::default()];
        let url = postgres.server_url(DATABASE);
        // The first warms everything up.
        for run in 0..=args.runs {
            let mut ways = Vec::new();
            for provider in ["memory", "off"] {
                let environment = [("SYNOPS_CACHE_PROVIDER", provider)];
                let server = Server::start_as(place.path(), provider, &url, "gateway", &environment).await?;
                ways.push(measure(&postgres, server.address, window).await?);
            }
            ways.push(plain::measure(&postgres, window).await?);
            for (way, one) in [&mut cached, &mut off, &mut plain].into_iter().zip(ways) {
                eprintln!("{count} maintenances, run {run}: {}", rate(one.rate().median));
                if run > 0 {
                    way.rates.extend(one.rates);
                    way.p50_ms.extend(one.p50_ms);
                    way.p99_ms.extend(one.p99_ms);
                    way.cold_ms.extend(one.cold_ms);
                }
            }
        }
        tell(*count, &cached, &off, &plain, &mut report);
    }
    println!("\nMedians, with the lowest and highest run. Readers, server and PostgreSQL share the cores.");
    report.print();
    let profile = binaries_dir()?;
    let path = report.write(profile.parent().unwrap_or(Path::new("target")))?;
    println!("\n{} after {} s", path.display(), began.elapsed().as_secs());
    Ok(())
}

/// Reads as fast as may be over several connections, after some that nobody has asked before.
async fn measure(postgres: &Postgres, address: SocketAddr, window: Duration) -> anyhow::Result<Way> {
    let mut way = Way::default();
    let mut http = Http::connect(address, Some(seed::READER_TOKEN)).await?;
    let mut cold = Vec::new();
    for n in 0..COLD {
        let began = Instant::now();
        // The page is the same, the question is not.
        let path = format!("{PATH}&from=2001-01-01T00:{:02}:{:02}Z", n / 60, n % 60);
        ask(&mut http, &path).await?;
        cold.push(began.elapsed().as_secs_f64() * 1e3);
    }
    cold.sort_by(f64::total_cmp);
    way.cold_ms.push(quantile(&cold, 0.5));
    ask(&mut http, PATH).await?;
    let stop = CancellationToken::new();
    let mut writing = JoinSet::new();
    writing.spawn(write(seed::first(postgres).await?, address, stop.clone()));
    let (mut readers, began) = (JoinSet::new(), Instant::now());
    for _ in 0..CONNECTIONS {
        readers.spawn(async move {
            let mut http = Http::connect(address, Some(seed::READER_TOKEN)).await?;
            let mut latencies = Vec::new();
            while began.elapsed() < window {
                let asked = Instant::now();
                ask(&mut http, PATH).await?;
                latencies.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = readers.join_next().await {
        latencies.extend(done??);
    }
    way.add(latencies, began.elapsed());
    stop.cancel();
    while let Some(done) = writing.join_next().await {
        done??;
    }
    Ok(way)
}

async fn ask(http: &mut Http, path: &str) -> anyhow::Result<()> {
    match http.fetch(path).await? {
        (200, bytes) if bytes > 10_000 => Ok(()),
        (status, bytes) => bail!("{path}: {status} with {bytes} bytes"),
    }
}

/// Changes a maintenance once a second, through the API.
async fn write((id, mut version): (uuid::Uuid, i64), address: SocketAddr, stop: CancellationToken) -> anyhow::Result<()> {
    let mut http = Http::connect(address, Some(seed::WRITER_TOKEN)).await?;
    let mut pace = tokio::time::interval(WRITE_EVERY);
    while stop.run_until_cancelled(pace.tick()).await.is_some() {
        let (path, body) = (format!("/api/v1/maintenances/{id}"), json!({ "title": format!("Version {version}") }).to_string());
        let (status, answer) = http.send_with("PATCH", &path, &format!("If-Match: \"{version}\"\r\n"), &body).await?;
        let answer: Value = serde_json::from_str(&answer)?;
        version = answer["version"].as_i64().with_context(|| format!("{status} {answer}"))?;
    }
    Ok(())
}

fn tell(count: u32, cached: &Way, off: &Way, plain: &Way, report: &mut Report) {
    let show = |values: &[f64]| Spread::of(values.iter().copied()).show(ms);
    report.section(format!("A page of 50 of {count} maintenances, {CONNECTIONS} connections, a write a second"));
    report.note("plain: the two queries of that page over as many connections, without server, access and JSON");
    report.note("each connection by itself there: with the cache off, those who ask at once still share one load");
    for (name, way, has_bar) in [("cached", cached, true), ("cache off", off, false), ("plain SQL", plain, false)] {
        let median = way.rate().median;
        report.line(
            format!("{name}: reads/s"),
            has_bar.then(|| Bar::at_least("10,000", RATE_BAR, median)),
            way.rate().show(rate),
        );
        report.line("    p50", None, show(&way.p50_ms));
        let p99 = Spread::of(way.p99_ms.iter().copied());
        report.line("    p99", has_bar.then(|| Bar::at_most(P99_BAR_MS, " ms", p99.median)), p99.show(ms));
        if !way.cold_ms.is_empty() {
            report.line("    asked for the first time, p50", None, show(&way.cold_ms));
        }
    }
    let times = |other: &Way| ratio(cached.rate().median / other.rate().median);
    report.line("cached, times cache off", None, times(off));
    report.line("cached, times plain SQL", None, times(plain));
    report.detail(&format!("of_{count}"), json!({ "cached": cached.json(), "off": off.json(), "plain": plain.json() }));
}
