//! `bench telemetry`: records from sockets to committed rows, beside the machine's own `COPY BINARY` of the same rows
//! into the same table, and the decoder alone.

mod rows;
mod server;

use crate::machine::{Cpu, Postgres, binaries_dir, scratch};
use crate::report::{Bar, Report};
use crate::stats::{Spread, ms, rate, ratio};
use anyhow::Context as _;
use serde_json::json;
use server::Direct;
use sqlx::postgres::PgPoolCopyExt;
use std::path::Path;
use std::time::Instant;
use store::PoolOptions;
use store::bootstrap::DATABASE;
use uuid::Uuid;

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
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(10_000..=10_000_000))]
    records: u32,
    /// Records that are sent, and acknowledged, together.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=20))]
    per_frame: u32,
    /// Devices that are connected when memory is looked at.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connected: u32,
}

/// The figures of one run.
struct Measured {
    copy_per_s: f64,
    decode_per_s: f64,
    direct_per_s: f64,
    /// Of server and PostgreSQL; of the devices.
    us_per_record: (f64, f64),
    /// To the acknowledgement, at half the rate.
    p50_ms: f64,
    p99_ms: f64,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let began = Instant::now();
    let place = scratch()?;
    let postgres = Postgres::start(&place.path().join("postgres"), &[]).await?;
    let direct = Direct::start(&postgres, place.path(), args.connected.max(args.devices)).await?;
    let mut measured = Vec::new();
    // The first warms everything up.
    for run in 0..=args.runs {
        let one = measure(args, &postgres, &direct).await?;
        eprintln!(
            "run {run}: copy {}, decode {}, direct {}, p99 {}",
            rate(one.copy_per_s),
            rate(one.decode_per_s),
            rate(one.direct_per_s),
            ms(one.p99_ms)
        );
        if run > 0 {
            measured.push(one);
        }
    }
    let memory = direct.memory(args.connected).await?;
    let mut report = Report::new("telemetry");
    tell(args, &measured, memory, &mut report);
    println!("\nMedians, with the lowest and highest run. Devices, server and PostgreSQL share the cores.");
    report.print();
    let profile = binaries_dir()?;
    let path = report.write(profile.parent().unwrap_or(Path::new("target")))?;
    println!("\n{} after {} s", path.display(), began.elapsed().as_secs());
    Ok(())
}

async fn measure(args: &Args, postgres: &Postgres, direct: &Direct<'_>) -> anyhow::Result<Measured> {
    #[expect(clippy::disallowed_methods, reason = "the devices' clock")]
    let now = chrono::Utc::now();
    let frames = rows::frames(args.devices, args.records, usize::try_from(args.per_frame)?, now)?;
    let decoding = Instant::now();
    let decoded: usize = frames.iter().map(|(_, frame)| rows::read(frame).map(|records| records.len())).sum::<Result<_, _>>()?;
    let decode_per_s = decoded as f64 / decoding.elapsed().as_secs_f64();
    let binary = rows::binary(&frames, &direct.ids)?;
    drop(frames);
    direct.clear().await?;
    let copy_per_s = decoded as f64 / copy(postgres, &binary).await?;
    drop(binary);
    direct.clear().await?;
    let (database, served, wall) = (Cpu::of_family(postgres.pid()), Cpu::of(vec![direct.pid()]), Instant::now());
    let (sent, devices_cores) =
        direct.simulate(args.devices, &format!("--rate 0 --records {}", args.records), args.per_frame).await?;
    let (cores, wall_s) = (database.cores() + served.cores(), wall.elapsed().as_secs_f64());
    let acknowledged = sent["acknowledged"].as_f64().context("totals")?;
    let direct_per_s = acknowledged / sent["seconds"].as_f64().context("totals")?;
    let us = |cores: f64| cores * wall_s * 1e6 / acknowledged;
    direct.clear().await?;
    // As devices do that are not behind: a record a frame, half as many as it could take.
    let paced = (direct_per_s / 2.0).min(f64::from(args.devices));
    let paced = direct.simulate(args.devices, &format!("--rate {paced} --minutes 0.2"), 1).await?.0;
    Ok(Measured {
        copy_per_s,
        decode_per_s,
        direct_per_s,
        us_per_record: (us(cores), us(devices_cores)),
        p50_ms: paced["latency_p50_ms"].as_f64().context("totals")?,
        p99_ms: paced["latency_p99_ms"].as_f64().context("totals")?,
    })
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
    let spread = |pick: fn(&Measured) -> f64| Spread::of(measured.iter().map(pick));
    let Args { devices, records, per_frame, connected, .. } = args;
    report.section(format!("{records} records of {devices} devices, {per_frame} in a frame"));
    report.note("copy: one COPY BINARY of the same rows into the same table, keys and all, by one connection");
    report.note("decode: the frames alone, on one core");
    report.note("direct: over TCP, acknowledged after the commit; a record that comes again falls away");
    report.line("copy", None, spread(|m| m.copy_per_s).show(rate));
    report.line("decode", None, spread(|m| m.decode_per_s).show(rate));
    report.line("direct", None, spread(|m| m.direct_per_s).show(rate));
    let share = spread(|m| m.direct_per_s / m.copy_per_s);
    report.line("direct, times copy", Some(Bar::at_least(&format!("{BAR} (aim {AIM})"), BAR, share.median)), share.show(ratio));
    let us = |us: f64| format!("{us:.0} µs");
    report.line("    processor time a record, server and PostgreSQL", None, spread(|m| m.us_per_record.0).show(us));
    report.line("    of the devices", None, spread(|m| m.us_per_record.1).show(us));
    report.section("A record a frame, half of what it could take or a record a second and device");
    report.line("socket to commit and back, p50", None, spread(|m| m.p50_ms).show(ms));
    report.line("    p99", None, spread(|m| m.p99_ms).show(ms));
    report.section("Memory");
    report.line(format!("of the server with {connected} devices that send"), None, format!("{memory:.0} MB"));
    let runs: Vec<_> = measured
        .iter()
        .map(|m| {
            json!({ "copy_per_s": m.copy_per_s, "decode_per_s": m.decode_per_s, "direct_per_s": m.direct_per_s,
                    "server_us_per_record": m.us_per_record.0, "devices_us_per_record": m.us_per_record.1,
                    "p50_ms": m.p50_ms, "p99_ms": m.p99_ms })
        })
        .collect();
    report.detail("runs", runs.into());
    report.detail("memory_mb", memory.into());
}

/// Of the n-th device.
fn id(device: u32) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_7000_8000_00be_0000_0000 | u128::from(device))
}
