//! `bench chat`: one channel with 100,000 messages and a thousand readers. What a message's way from its writer to
//! everybody's socket takes and costs, beside the same number of plain changes of nodes to the same readers; and how
//! long it takes to open the channel, beside one that is nearly empty.

mod joins;
mod seed;
mod talk;

use crate::load::{Crowd, Member};
use crate::machine::{Postgres, Server, binaries_dir, scratch};
use crate::report::Report;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;

/// Options of `bench chat`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; the medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    runs: u32,
    /// How long each measurement takes, in milliseconds.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(500..=60_000))]
    window_ms: u64,
    /// Who has the channel open.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=4_000))]
    readers: u32,
    /// Messages in the channel.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    messages: u32,
    /// Messages a second.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let (began, window) = (Instant::now(), Duration::from_millis(args.window_ms));
    let place = scratch()?;
    let mut report = Report::new("chat");
    eprintln!("a channel with {} messages is made", args.messages);
    let postgres = Postgres::start(&place.path().join("chat"), &[]).await?;
    let channels = seed::fill(&postgres, args.readers, args.messages).await?;
    let server = Server::start(place.path(), "chat", &postgres.server_url(DATABASE)).await?;
    report.detail(
        "machine",
        json!({ "postgresql": postgres.version(), "runs": args.runs, "window_ms": args.window_ms, "readers": args.readers, "messages": args.messages }),
    );

    joins::run(&server, &channels, args.runs, &mut report).await?;
    // As pages do: the channel, what is said elsewhere, and (for the comparison) the public groups.
    let topics = vec![format!("channel:{}", channels.long), "kind:message".to_owned(), "kind:group".to_owned()];
    let member = |n: u32| Member {
        address: server.address,
        path: crate::feed::seed::LIVE_PATH,
        token: Some(format!("syn_bench_{n}")),
        topics: topics.clone(),
    };
    let mut crowd = Crowd::gather((1..=args.readers).map(member).collect()).await?;
    let plan = talk::Plan { runs: args.runs, window, rate: args.rate };
    talk::run(&postgres, &server, channels.long, &mut crowd, &plan, &mut report).await?;
    if !server.complaints().is_empty() {
        report.note(format!("the server complained: {}", server.complaints()));
    }

    println!();
    println!("The load generator shares the cores with what it measures. Medians, with the lowest and highest run.");
    report.print();
    let profile = binaries_dir()?;
    let path = report.write(profile.parent().unwrap_or(Path::new("target")))?;
    println!("\n{} after {} s", path.display(), began.elapsed().as_secs());
    Ok(())
}
