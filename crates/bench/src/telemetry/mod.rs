//! `bench telemetry`: records from sockets to committed rows, and to a map, in every way there is, beside the machine's
//! own `COPY BINARY` of the same rows into the same table, and the decoder alone.

mod fleet;
mod rows;
mod variant;

use crate::machine::{Postgres, binaries_dir, raise_file_limit, scratch};
use crate::report::{Bar, Report};
use crate::stats::{Spread, ms, rate, ratio};
use serde_json::json;
use sqlx::postgres::PgPoolCopyExt;
use std::path::Path;
use std::time::Instant;
use store::PoolOptions;
use store::bootstrap::DATABASE;
use uuid::Uuid;
use variant::{Figures, Running, VARIANTS, Variant};

/// Of COPY's rate.
const BAR: f64 = 0.5;
const AIM: f64 = 0.75;

/// Options of `bench telemetry`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; the medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    runs: u32,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    devices: u32,
    /// Records of one run.
    #[arg(long, default_value_t = 600_000, value_parser = clap::value_parser!(u32).range(10_000..=10_000_000))]
    records: u32,
    /// Records that are sent, and acknowledged, together.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=20))]
    per_frame: u32,
    /// Devices that are connected when memory is looked at.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connected: u32,
}

/// The figures of one run; of the variants in their order.
struct Measured {
    copy_per_s: f64,
    decode_per_s: f64,
    variants: Vec<Figures>,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let began = Instant::now();
    raise_file_limit()?;
    let place = scratch()?;
    // When each row was committed is asked for; every variant pays for it.
    let postgres = Postgres::start(&place.path().join("postgres"), &[("track_commit_timestamp", "on")]).await?;
    let ids = fleet::make(&postgres, args.connected.max(args.devices)).await?;
    let mut measured = Vec::new();
    // The first warms everything up.
    for run in 0..=args.runs {
        let one = measure(args, &postgres, place.path(), &ids, run).await?;
        eprintln!("run {run}: copy {}, decode {}", rate(one.copy_per_s), rate(one.decode_per_s));
        if run > 0 {
            measured.push(one);
        }
    }
    let memory = Running::start(VARIANTS[0], &postgres, place.path(), args.runs + 1).await?.memory(args.connected).await?;
    let mut report = Report::new("telemetry");
    tell(args, &measured, memory, &mut report);
    println!("\nMedians, with the lowest and highest run. Devices, servers, Redis and PostgreSQL share the cores.");
    report.print();
    let profile = binaries_dir()?;
    let path = report.write(profile.parent().unwrap_or(Path::new("target")))?;
    println!("\n{} after {} s", path.display(), began.elapsed().as_secs());
    Ok(())
}

async fn measure(args: &Args, postgres: &Postgres, place: &Path, ids: &[Uuid], run: u32) -> anyhow::Result<Measured> {
    #[expect(clippy::disallowed_methods, reason = "the devices' clock")]
    let now = chrono::Utc::now();
    let frames = rows::frames(args.devices, args.records, usize::try_from(args.per_frame)?, now)?;
    let decoding = Instant::now();
    let decoded: usize = frames.iter().map(|(_, frame)| rows::read(frame).map(|records| records.len())).sum::<Result<_, _>>()?;
    let decode_per_s = decoded as f64 / decoding.elapsed().as_secs_f64();
    let binary = rows::binary(&frames, ids)?;
    drop(frames);
    postgres.run(DATABASE, "truncate positions; checkpoint").await?;
    let copy_per_s = decoded as f64 / copy(postgres, &binary).await?;
    drop(binary);
    let mut variants = Vec::new();
    for variant in VARIANTS {
        let running = Running::start(variant, postgres, place, run).await?;
        let figures = running.measure(args.devices, args.records, args.per_frame).await?;
        eprintln!("run {run}: {}: {}, p99 {}", variant.name, rate(figures.committed_per_s), ms(figures.to_commit_ms.1));
        variants.push(figures);
    }
    Ok(Measured { copy_per_s, decode_per_s, variants })
}

/// The same rows in one stream; answers how long it took, in seconds.
async fn copy(postgres: &Postgres, binary: &[u8]) -> anyhow::Result<f64> {
    let options = PoolOptions { connections_max: 2, ..PoolOptions::default() };
    let pool = store::connect(&postgres.superuser_url(DATABASE), &options).await?;
    let began = Instant::now();
    let mut stream = pool.copy_in_raw(rows::COPY).await?;
    for part in binary.chunks(1 << 20) {
        stream.send(part).await?;
    }
    stream.finish().await?;
    let took = began.elapsed().as_secs_f64();
    pool.close().await;
    Ok(took)
}

fn tell(args: &Args, measured: &[Measured], memory: f64, report: &mut Report) {
    let spread = |pick: &dyn Fn(&Measured) -> f64| Spread::of(measured.iter().map(pick));
    let Args { devices, records, per_frame, connected, .. } = args;
    report.section(format!("{records} records of {devices} devices, {per_frame} in a frame, as fast as they are acknowledged"));
    report.note("copy: one COPY BINARY of the same rows into the same table, keys and all, by one connection");
    report.note("decode: the frames alone, on one core");
    report
        .note("direct: over TCP, acknowledged after the commit. redis: acknowledged by Redis (appendonly, written each second)");
    report.note("times: from the first record to the last commit; a record that comes again falls away");
    report.note(format!(
        "geofences: {} polygons around the roads, each crossing with its timing record and edge",
        fleet::GEOFENCES
    ));
    report.line("copy", None, spread(&|m| m.copy_per_s).show(rate));
    report.line("decode", None, spread(&|m| m.decode_per_s).show(rate));
    for (at, Variant { name, .. }) in VARIANTS.iter().enumerate() {
        let of = |pick: fn(&Figures) -> f64| spread(&move |m| m.variants.get(at).map_or(f64::NAN, pick));
        report.line(*name, None, of(|f| f.committed_per_s).show(rate));
        let share = spread(&|m| m.variants.get(at).map_or(f64::NAN, |f| f.committed_per_s / m.copy_per_s));
        report.line("    times copy", Some(Bar::at_least(&format!("{BAR} (aim {AIM})"), BAR, share.median)), share.show(ratio));
        let us = |us: f64| format!("{us:.0} µs");
        report.line("    processor time a record, servers, Redis, PostgreSQL", None, of(|f| f.us_per_record.0).show(us));
        report.line("    of the devices", None, of(|f| f.us_per_record.1).show(us));
    }
    report.section(format!("A record a second of {devices} devices: from when it is made"));
    report.note("to a map that shows all of them, ten times a second");
    for (at, Variant { name, .. }) in VARIANTS.iter().enumerate() {
        let of = |pick: fn(&Figures) -> f64| spread(&move |m| m.variants.get(at).map_or(f64::NAN, pick)).show(ms);
        report.line(format!("{name}: to the commit, p50"), None, of(|f| f.to_commit_ms.0));
        report.line("    p99", None, of(|f| f.to_commit_ms.1));
        report.line("    to the map, p50", None, of(|f| f.to_map_ms.0));
        report.line("    p99", None, of(|f| f.to_map_ms.1));
    }
    report.section("Memory");
    report.line(format!("of the server with {connected} devices that send"), None, format!("{memory:.0} MB"));
    let runs = measured.iter().map(|m| {
        let variants = VARIANTS.iter().zip(&m.variants).map(|(Variant { name, .. }, f)| {
            json!({ "name": name, "per_s": f.committed_per_s, "us_per_record": f.us_per_record.0,
                    "devices_us_per_record": f.us_per_record.1, "to_commit_ms": f.to_commit_ms, "to_map_ms": f.to_map_ms })
        });
        json!({ "copy_per_s": m.copy_per_s, "decode_per_s": m.decode_per_s, "variants": variants.collect::<Vec<_>>() })
    });
    report.detail("runs", runs.collect::<Vec<_>>().into());
    report.detail("memory_mb", memory.into());
}
