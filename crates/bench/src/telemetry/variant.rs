//! One way to take records: its servers, the devices that send to them, and a reader of the map.

use super::fleet::FENCED;
use crate::load::{Http, Socket};
use crate::machine::{Cpu, Postgres, Program, Redis, Server, binaries_dir, free_address};
use crate::stats::quantile;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use sqlx::Connection as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// For devices that send as fast as they can.
const RUN_MAX: Duration = Duration::from_secs(600);
/// With how many devices send when memory is looked at, all together.
const MEMORY_RATE: u32 = 2_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long latencies are looked at, and how long of it is the beginning, when all connect.
const PACED_S: u32 = 10;
const BEGINNING_S: u32 = 3;
const LIVE_PATH: &str = "/api/v1/live";

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    /// 0: there is no Redis; who listens also keeps.
    pub(super) processors: u32,
    pub(super) is_fenced: bool,
}

const fn variant(name: &'static str, processors: u32, is_fenced: bool) -> Variant {
    Variant { name, processors, is_fenced }
}

pub(super) const VARIANTS: [Variant; 6] = [
    variant("direct", 0, false),
    variant("redis, one processor", 1, false),
    variant("redis, two processors", 2, false),
    variant("direct, geofences", 0, true),
    variant("redis, one processor, geofences", 1, true),
    variant("redis, two processors, geofences", 2, true),
];

/// The figures of one run of one variant.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) committed_per_s: f64,
    /// Of servers, Redis and PostgreSQL; of the devices.
    pub(super) us_per_record: (f64, f64),
    /// p50 and p99 from when a device tells it, at a record a second and device.
    pub(super) to_commit_ms: (f64, f64),
    pub(super) to_map_ms: (f64, f64),
}

/// Its servers, as long as this is there.
pub(super) struct Running<'a> {
    postgres: &'a Postgres,
    place: &'a Path,
    database: &'static str,
    redis: Option<Redis>,
    listener: Server,
    processors: Vec<Server>,
    ears: SocketAddr,
}

impl<'a> Running<'a> {
    pub(super) async fn start(variant: Variant, postgres: &'a Postgres, place: &'a Path, run: u32) -> anyhow::Result<Self> {
        let database = if variant.is_fenced { FENCED } else { DATABASE };
        let (ears, url) = (free_address()?, postgres.server_url(database));
        let name = format!("{}-{}-{run}", variant.processors, database);
        let redis = match variant.processors {
            0 => None,
            _ => Some(Redis::start(&place.join(format!("redis-{name}"))).await?),
        };
        let (listen, stream) = (ears.to_string(), redis.as_ref().map_or_else(|| "direct".to_owned(), Redis::url));
        let environment = [("SYNOPS_TELEMETRY_LISTEN", listen.as_str()), ("SYNOPS_STREAM", &stream)];
        let listener = Server::start_as(place, &format!("listener-{name}"), &url, "gateway,ingest", &environment).await?;
        let mut processors = Vec::new();
        for number in 0..variant.processors {
            let name = format!("processor-{number}-{name}");
            processors.push(Server::start_as(place, &name, &url, "gateway,processor", &[environment[1]]).await?);
        }
        let running = Self { postgres, place, database, redis, listener, processors, ears };
        running.wait_for_shares().await?;
        Ok(running)
    }

    /// Until each processor has its part of the shards.
    async fn wait_for_shares(&self) -> anyhow::Result<()> {
        let (mut db, began) = (self.postgres.superuser(self.database).await?, Instant::now());
        // As many owners as there are processors, none with more than its part.
        let statement = "select count(*) = $1 and max(shards) <= ceil(sum(shards) / $1) and sum(shards) = (select count(*) from telemetry_shards)
            from (select count(*) as shards from telemetry_shards
                   where owner_id is not null and leased_until > clock_timestamp() group by owner_id) as owners";
        let processors = i64::try_from(self.processors.len())?;
        loop {
            if processors == 0
                || sqlx::query_scalar::<_, Option<bool>>(statement).bind(processors).fetch_one(&mut db).await? == Some(true)
            {
                break;
            }
            ensure!(began.elapsed() < RUN_MAX, "the processors do not share the work");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        db.close().await?;
        Ok(())
    }

    pub(super) async fn measure(&self, devices: u32, records: u32, per_frame: u32) -> anyhow::Result<Figures> {
        self.clear().await?;
        let before = self.kept().await?;
        let pids = self.processors.iter().chain([&self.listener]).map(Server::pid).chain(self.redis.iter().map(Redis::pid));
        let (database, served, began) = (Cpu::of_family(self.postgres.pid()), Cpu::of(pids.collect()), Instant::now());
        let (sent, devices_cores) = self.simulate(devices, &format!("--rate 0 --records {records}"), per_frame).await?;
        let (ended, devices_s) = (Instant::now(), began.elapsed().as_secs_f64());
        let acknowledged = sent["acknowledged"].as_f64().context("totals")?;
        while self.kept().await? - before < acknowledged {
            ensure!(ended.elapsed() < RUN_MAX, "what was acknowledged is not kept: {}", self.listener.complaints());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (cores, wall_s) = (database.cores() + served.cores(), began.elapsed().as_secs_f64());
        let took_s = sent["seconds"].as_f64().context("totals")? + ended.elapsed().as_secs_f64();
        let us = |cores: f64, wall_s: f64| cores * wall_s * 1e6 / acknowledged;
        self.clear().await?;
        let (to_commit_ms, to_map_ms) = self.latencies(devices).await?;
        Ok(Figures {
            committed_per_s: acknowledged / took_s,
            us_per_record: (us(cores, wall_s), us(devices_cores, devices_s)),
            to_commit_ms,
            to_map_ms,
        })
    }

    /// A record a second of each device, told when it is made; while somebody looks at all of them on a map.
    async fn latencies(&self, devices: u32) -> anyhow::Result<((f64, f64), (f64, f64))> {
        let mut map = Socket::connect(self.listener.address, LIVE_PATH, None).await?;
        map.send(r#"{"type":"subscribe","id":"map","topic":"positions","bbox":[-180,-90,180,90],"per_second":10}"#).await?;
        let (since_ms, mut seen) = (now_ms() + f64::from(BEGINNING_S) * 1_000.0, Vec::new());
        let looking = async {
            loop {
                map.read(|text| seen.extend(arrivals(text, since_ms))).await?;
            }
        };
        let pace = format!("--rate {devices} --minutes {}", f64::from(PACED_S) / 60.0);
        tokio::select! {
            sent = self.simulate(devices, &pace, 1) => drop(sent?),
            ended = looking => {
                let ended: anyhow::Result<()> = ended;
                ended.context("the map")?;
            }
        }
        let mut db = self.postgres.superuser(self.database).await?;
        let statement = "select (extract(epoch from pg_xact_commit_timestamp(xmin) - at) * 1000)::float8 from positions
            where at >= to_timestamp($1 / 1000)";
        let committed: Vec<f64> = sqlx::query_scalar(statement).bind(since_ms).fetch_all(&mut db).await?;
        db.close().await?;
        ensure!(!committed.is_empty() && !seen.is_empty(), "nothing was sent: {}", self.listener.complaints());
        Ok((p50_and_p99(committed), p50_and_p99(seen)))
    }

    /// As if nothing had been sent.
    async fn clear(&self) -> anyhow::Result<()> {
        let statements = "truncate positions, device_states, device_checkpoints, timing_records, trips, stops;
            delete from edges where kind = 'inside'; checkpoint";
        self.postgres.run(self.database, statements).await
    }

    /// Records that were kept since the servers began.
    async fn kept(&self) -> anyhow::Result<f64> {
        let mut kept = 0.0;
        let keepers = if self.processors.is_empty() { std::slice::from_ref(&self.listener) } else { &self.processors };
        for keeper in keepers {
            let (_, figures) = Http::connect(keeper.address, None).await?.send("GET", "/metrics", "").await?;
            let line = figures.lines().find_map(|line| line.strip_prefix("synops_telemetry_records_total "));
            kept += line.map_or(Ok(0.0), str::parse::<f64>)?;
        }
        Ok(kept)
    }

    /// The simulator's totals, and how many cores it kept busy.
    async fn simulate(&self, devices: u32, more: &str, per_frame: u32) -> anyhow::Result<(Value, f64)> {
        let mut simulator = self.simulator(devices, more, per_frame)?;
        let cpu = Cpu::of(vec![simulator.pid()]);
        let mut out = String::new();
        let mut stdout = simulator.child().stdout.take().context("its output")?;
        timeout(RUN_MAX, stdout.read_to_string(&mut out)).await.context("the devices do not come to an end")??;
        let cores = cpu.cores();
        let totals = serde_json::from_str(&out).with_context(|| format!("no totals: {}", simulator.log_tail()))?;
        Ok((totals, cores))
    }

    fn simulator(&self, devices: u32, more: &str, per_frame: u32) -> anyhow::Result<Program> {
        let mut command = Program::command(binaries_dir()?.join("synops"));
        command.args(["devices", "simulate", "--json", "--to"]).arg(self.ears.to_string());
        command.args(["--devices", &devices.to_string(), "--records-per-frame", &per_frame.to_string()]);
        command.args(more.split(' ')).stdout(Stdio::piped());
        Program::start(command, &self.place.join("devices.log"))
    }

    /// What the server has in memory while so many devices are connected and send, in MB.
    pub(super) async fn memory(&self, devices: u32) -> anyhow::Result<f64> {
        let simulator = self.simulator(devices, &format!("--rate {MEMORY_RATE}"), 1)?;
        let all = format!("{devices} of {devices} connected");
        let began = Instant::now();
        while !simulator.log_tail().contains(&all) {
            ensure!(began.elapsed() < RUN_MAX, "they do not all connect: {}", simulator.log_tail());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.listener.pid())).context("the server's memory")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the server's memory")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1_024.0)
    }
}

fn now_ms() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "the devices' clock")]
    let now = chrono::Utc::now();
    now.timestamp_micros() as f64 / 1_000.0
}

/// How old each position is that a frame tells of, other than those of before that moment.
fn arrivals(text: &str, since_ms: f64) -> Vec<f64> {
    let (now, frame) = (now_ms(), serde_json::from_str::<Value>(text).unwrap_or_default());
    let rows = frame["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter_map(|row| row[1].as_f64()).filter(|at| *at >= since_ms).map(|at| now - at).collect()
}

fn p50_and_p99(mut all: Vec<f64>) -> (f64, f64) {
    all.sort_by(f64::total_cmp);
    (quantile(&all, 0.5), quantile(&all, 0.99))
}
