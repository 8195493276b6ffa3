//! Talk: so many messages a second to everybody who has the channel open; and as many changes of nodes that everybody
//! follows, by the same API.

use crate::feed::seed::{self, Target, WRITER_TOKEN};
use crate::load::{Crowd, Http, title_of};
use crate::machine::{Cpu, Postgres, Server};
use crate::report::{Bar, Report};
use crate::stats::{Spread, ms, quantile, ratio};
use anyhow::{bail, ensure};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

const WRITERS: u32 = 4;
/// What has not arrived then counts as lost.
const STRAGGLERS_MAX: Duration = Duration::from_secs(5);
/// From the writer's request to the readers' sockets, the commit included.
const P99_BAR_MS: f64 = 100.0;

pub(crate) struct Plan {
    pub(crate) runs: u32,
    pub(crate) window: Duration,
    /// Messages a second.
    pub(crate) rate: u32,
}

/// What is written.
#[derive(Clone)]
enum What {
    Messages { channel: Uuid },
    Groups { targets: Arc<[Target]> },
}

/// One run.
struct Measured {
    /// From the request to a socket, in ms.
    p50: f64,
    p99: f64,
    /// From the request to its answer.
    answered_p50: f64,
    deliveries: u64,
    missing: u64,
    /// Of the server, and of the server with PostgreSQL, a delivery.
    server_us: f64,
    all_us: f64,
}

pub(crate) async fn run(
    postgres: &Postgres,
    server: &Server,
    channel: Uuid,
    crowd: &mut Crowd,
    plan: &Plan,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut marks = 1;
    let [mut messages, mut groups] = [const { Vec::new() }; 2];
    for run in 0..=plan.runs {
        let targets: Arc<[Target]> = seed::targets(postgres, DATABASE, "group").await?.into();
        for (what, name, results) in
            [(What::Messages { channel }, "messages", &mut messages), (What::Groups { targets }, "plain changes", &mut groups)]
        {
            let measured = measure(&what, postgres, server, crowd, plan, &mut marks).await?;
            eprintln!(
                "{name}, run {run}: p50 {}, p99 {}, {:.2} µs a delivery",
                ms(measured.p50),
                ms(measured.p99),
                measured.server_us
            );
            // The first warms everything up.
            if run > 0 {
                results.push(measured);
            }
        }
    }
    tell(&messages, &groups, crowd.size(), plan, report);
    Ok(())
}

async fn measure(
    what: &What,
    postgres: &Postgres,
    server: &Server,
    crowd: &mut Crowd,
    plan: &Plan,
    marks: &mut u32,
) -> anyhow::Result<Measured> {
    let count = u32::try_from(plan.window.as_millis())? * plan.rate / 1_000;
    let first = *marks;
    *marks += count;
    let before = crowd.delivered();
    crowd.record();
    let (of_server, of_database) = (Cpu::of_family(server.pid()), Cpu::of_family(postgres.pid()));
    let began = Instant::now();
    let mut writers: JoinSet<anyhow::Result<Vec<(u32, Instant, Instant)>>> = JoinSet::new();
    for writer in 0..WRITERS {
        let (what, address) = (what.clone(), server.address);
        let own: Vec<u32> = (first + writer..first + count).step_by(WRITERS as usize).collect();
        let every = Duration::from_secs(1) * WRITERS / plan.rate;
        writers.spawn(async move {
            let mut http = Http::connect(address, Some(WRITER_TOKEN)).await?;
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut written = Vec::new();
            for mark in own {
                ticks.tick().await;
                let asked = Instant::now();
                write(&mut http, &what, mark).await?;
                written.push((mark, asked, Instant::now()));
            }
            Ok(written)
        });
    }
    let mut written = HashMap::new();
    let mut answered = Vec::new();
    while let Some(done) = writers.join_next().await {
        for (mark, asked, told) in done?? {
            written.insert(mark, asked);
            answered.push((told - asked).as_secs_f64() * 1_000.0);
        }
    }
    let wanted = u64::from(count) * crowd.size();
    crowd.reach(before + wanted, STRAGGLERS_MAX).await;
    let wall = began.elapsed().as_secs_f64();
    let (server_cores, database_cores) = (of_server.cores(), of_database.cores());
    let heard = crowd.take()?;
    let mut took: Vec<f64> =
        heard.iter().flatten().filter_map(|one| Some((one.at - *written.get(&one.mark)?).as_secs_f64() * 1_000.0)).collect();
    took.sort_by(f64::total_cmp);
    answered.sort_by(f64::total_cmp);
    let deliveries = took.len() as u64;
    let a_delivery = |cores: f64| cores * wall * 1e6 / deliveries as f64;
    Ok(Measured {
        p50: quantile(&took, 0.5),
        p99: quantile(&took, 0.99),
        answered_p50: quantile(&answered, 0.5),
        deliveries,
        missing: wanted.saturating_sub(deliveries),
        server_us: a_delivery(server_cores),
        all_us: a_delivery(server_cores + database_cores),
    })
}

async fn write(http: &mut Http, what: &What, mark: u32) -> anyhow::Result<()> {
    let (status, answer) = match what {
        What::Messages { channel } => {
            // The mark stands once: a message's first line is its title, too.
            let body = format!("Word\n\n{} of the talk about the shelf, and about as much text as people write.", title_of(mark));
            let message = json!({ "id": Uuid::now_v7(), "body": body }).to_string();
            http.send("POST", &format!("/api/v1/channels/{channel}/messages"), &message).await?
        }
        What::Groups { targets } => {
            let target = targets[mark as usize % targets.len()];
            let version = current(http, target.id).await?;
            let change = json!({ "title": title_of(mark) }).to_string();
            http.send_with("PATCH", &format!("/api/v1/groups/{}", target.id), &format!("If-Match: \"{version}\"\r\n"), &change)
                .await?
        }
    };
    ensure!(matches!(status, 200 | 201), "{status}: {answer}");
    Ok(())
}

async fn current(http: &mut Http, id: Uuid) -> anyhow::Result<i64> {
    let (status, node) = http.send("GET", &format!("/api/v1/nodes/{id}"), "").await?;
    let node: serde_json::Value = serde_json::from_str(&node)?;
    match node["version"].as_i64() {
        Some(version) if status == 200 => Ok(version),
        _ => bail!("a node was answered {status}"),
    }
}

fn tell(messages: &[Measured], groups: &[Measured], readers: u64, plan: &Plan, report: &mut Report) {
    let spread = |of: &[Measured], pick: fn(&Measured) -> f64| Spread::of(of.iter().map(pick));
    report.section(format!("Talk: {} messages a second to {readers} readers of one channel", plan.rate));
    report.note("from the writer's request (API, the commit included) to the readers' sockets; plain changes: titles of groups that the same readers follow");
    let p99 = spread(messages, |m| m.p99);
    report.line("messages, p50", None, spread(messages, |m| m.p50).show(ms));
    report.line("messages, p99", Some(Bar::at_most(P99_BAR_MS, " ms", p99.median)), p99.show(ms));
    report.line("plain changes, p50", None, spread(groups, |m| m.p50).show(ms));
    report.line("plain changes, p99", None, spread(groups, |m| m.p99).show(ms));
    report.line("messages, request to answer, p50", None, spread(messages, |m| m.answered_p50).show(ms));
    report.line("plain changes, request to answer, p50", None, spread(groups, |m| m.answered_p50).show(ms));
    let us = |value: f64| format!("{value:.2} µs");
    report.line("processor time of the server a delivery, messages", None, spread(messages, |m| m.server_us).show(us));
    report.line("processor time of the server a delivery, plain changes", None, spread(groups, |m| m.server_us).show(us));
    report.line("with PostgreSQL, messages", None, spread(messages, |m| m.all_us).show(us));
    report.line("with PostgreSQL, plain changes", None, spread(groups, |m| m.all_us).show(us));
    let share = Spread::of(messages.iter().zip(groups).map(|(message, group)| message.server_us / group.server_us));
    report.line("a message : a plain change, at the server", None, share.show(ratio));
    let missing: u64 = messages.iter().chain(groups).map(|m| m.missing).sum();
    report.line("deliveries that did not come", Some(Bar::at_most(0.0, "", missing as f64)), missing.to_string());
    let one = |m: &Measured| json!({ "p50_ms": m.p50, "p99_ms": m.p99, "deliveries": m.deliveries, "server_us": m.server_us, "all_us": m.all_us });
    report.detail(
        "talk",
        json!({ "messages": messages.iter().map(one).collect::<Vec<_>>(), "plain": groups.iter().map(one).collect::<Vec<_>>() }),
    );
}
