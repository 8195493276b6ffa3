//! Opening a channel: from the subscription to its first rows; and reading on in its history.

use super::seed::Channels;
use crate::feed::seed::{LIVE_PATH, WRITER_TOKEN};
use crate::load::{Http, Socket};
use crate::machine::Server;
use crate::report::Report;
use crate::stats::{Spread, ms, quantile, ratio};
use anyhow::{bail, ensure};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use uuid::Uuid;

const JOINS: u32 = 100;
const ANSWERED_MAX: Duration = Duration::from_secs(10);

pub(crate) async fn run(server: &Server, channels: &Channels, runs: u32, report: &mut Report) -> anyhow::Result<()> {
    let [mut long, mut short, mut pages] = [const { Vec::new() }; 3];
    for run in 0..=runs {
        let measured =
            [join(server, channels.long).await?, join(server, channels.short).await?, history(server, channels.long).await?];
        eprintln!("opening, run {run}: {} and {}, a page of history {}", ms(measured[0].0), ms(measured[1].0), ms(measured[2].0));
        // The first warms everything up.
        if run > 0 {
            for (all, one) in [&mut long, &mut short, &mut pages].into_iter().zip(measured) {
                all.push(one);
            }
        }
    }
    report.section("Opening a channel: from the subscription to its newest 50 messages");
    report.note(format!("{JOINS} one after the other over one socket, each time anew"));
    let p50 = |of: &[(f64, f64)]| Spread::of(of.iter().map(|(p50, _)| *p50));
    let p99 = |of: &[(f64, f64)]| Spread::of(of.iter().map(|(_, p99)| *p99));
    for (what, of) in [
        ("the long channel", &long),
        ("one with 50 messages in all", &short),
        ("a page of 100 from the middle of the long one, over HTTP", &pages),
    ] {
        report.line(format!("{what}: p50"), None, p50(of).show(ms));
        report.line(format!("{what}: p99"), None, p99(of).show(ms));
        report.detail(what, json!({ "p50_ms": p50(of).json(), "p99_ms": p99(of).json() }));
    }
    let factor = Spread::of(long.iter().zip(&short).map(|(long, short)| long.0 / short.0));
    report.line("long : short, p50", None, factor.show(ratio));
    Ok(())
}

/// p50 and p99, in ms.
async fn join(server: &Server, channel: Uuid) -> anyhow::Result<(f64, f64)> {
    let mut socket = Socket::connect(server.address, LIVE_PATH, Some("syn_bench_1")).await?;
    let mut took = Vec::new();
    for n in 0..JOINS {
        let began = Instant::now();
        socket.send(&format!(r#"{{"type":"subscribe","id":"{n}","topic":"channel:{channel}"}}"#)).await?;
        let (mut is_there, mut refused) = (false, None);
        while !is_there {
            let reading = socket.read(|text| {
                is_there |= text.starts_with(r#"{"type":"subscribed""#) && text.ends_with(r#""more":false}"#);
                is_there |= text.starts_with(r#"{"type":"rows""#) && text.ends_with(r#""more":false}"#);
                if text.starts_with(r#"{"type":"error""#) {
                    refused = Some(text.to_owned());
                }
            });
            timeout(ANSWERED_MAX, reading).await??;
            if let Some(refused) = refused {
                bail!("{refused}");
            }
        }
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        socket.send(&format!(r#"{{"type":"unsubscribe","id":"{n}"}}"#)).await?;
        // A socket takes 300 messages in 10 s.
        if n % 50 == 49 {
            socket = Socket::connect(server.address, LIVE_PATH, Some("syn_bench_1")).await?;
        }
    }
    took.sort_by(f64::total_cmp);
    Ok((quantile(&took, 0.5), quantile(&took, 0.99)))
}

async fn history(server: &Server, channel: Uuid) -> anyhow::Result<(f64, f64)> {
    let mut http = Http::connect(server.address, Some(WRITER_TOKEN)).await?;
    let mut took = Vec::new();
    for n in 0..JOINS {
        let began = Instant::now();
        let path = format!("/api/v1/channels/{channel}/messages?limit=100&before={}", 50_000 - 100 * n);
        let (status, _) = http.fetch(&path).await?;
        ensure!(status == 200, "{path} was answered {status}");
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    Ok((quantile(&took, 0.5), quantile(&took, 0.99)))
}
