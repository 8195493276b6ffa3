//! `synops telemetry`.

use super::jobs::table;
use super::{print, print_json, refused};
use crate::cli::{Json, TelemetryVerb};
use crate::config::Config;
use crate::database::Database;
use crate::exit::{Misconfigured, Outcome};
use engine::telemetry::{Held, RedisStream};
use gateway::{TelemetryStatusView, telemetry_status};
use std::sync::Arc;

pub async fn run(verb: &TelemetryVerb, config: &Config) -> anyhow::Result<Outcome> {
    let TelemetryVerb::Status(json) = verb;
    let database = Database::visit(config).await?;
    let done = show(&database, config, *json).await;
    database.close().await?;
    done.map(|()| Outcome::Done)
}

async fn show(database: &Database, config: &Config, json: Json) -> anyhow::Result<()> {
    let stream = config.stream.as_ref().map(|stream| RedisStream::new(stream, Arc::new(Held::default())));
    let stream = stream.transpose().map_err(|bad| Misconfigured(format!("`telemetry.stream`: {bad} is expected")))?;
    let status = match &stream {
        None => telemetry_status(&database.pool, None).await,
        Some(stream) => telemetry_status(&database.pool, Some(stream)).await,
    }
    .map_err(refused)?;
    if json.json { print_json(&status) } else { print(&lines(&status)) }
}

fn lines(status: &TelemetryStatusView) -> String {
    let mut text = format!(
        "stream {}: {} of {} devices connected, {:.1} records a second\n",
        status.stream, status.connected, status.devices, status.records_per_s
    );
    text.push_str(&format!("{} frames wait, the oldest for {:.1} s\n", status.lag.pending, status.lag.oldest_s));
    text.push_str(&format!("{} dead letters\n", status.dead_letters_open));
    if !status.shards.is_empty() {
        let cells = status.shards.iter().map(|shard| {
            let owner = shard.owner.clone().unwrap_or_else(|| "nobody".to_owned());
            vec![shard.shard.to_string(), owner, shard.pending.to_string(), format!("{:.1}", shard.per_s)]
        });
        text.push_str(&table(&["shard", "owner", "frames", "records/s"], cells));
    }
    text
}
