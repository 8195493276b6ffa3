//! How telemetry does: who is connected, what waits, who keeps it.

use crate::admin::administrator;
use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::telemetry::{TelemetryShard, TelemetryStatusView};
use axum::Json;
use domain::Refusal;
use domain::telemetry::stream::{Lag, Shards};
use store::Pool;

/// How telemetry does
///
/// Over all servers. Takes an administrator of the instance.
#[utoipa::path(get, path = "/telemetry/status", operation_id = "get_telemetry_status", tag = "admin",
    responses((status = 200, description = "As it is now", body = TelemetryStatusView)))]
pub(crate) async fn get_telemetry_status(state: State, caller: Caller) -> Result<Json<TelemetryStatusView>, Refused> {
    administrator(&state, &caller).await?;
    Ok(Json(telemetry_status(state.pool(), state.wiring.shards.as_deref()).await?))
}

/// How telemetry does. `shards`: what frames wait in; `None` with the direct stream.
///
/// # Errors
///
/// When the database or the stream does not answer.
pub async fn telemetry_status(pool: &Pool, shards: Option<&dyn Shards>) -> Result<TelemetryStatusView, Refusal> {
    let totals = store::telemetry_server::find_totals(pool).await.map_err(store::refusal)?;
    let dead_letters_open = store::dead_letter::count_open_telemetry_letters(pool).await.map_err(store::refusal)?;
    let (lag, listed) = match shards {
        None => (Lag { pending: totals.pending.unsigned_abs(), oldest_s: totals.oldest_s }, Vec::new()),
        Some(shards) => each(pool, shards).await?,
    };
    Ok(TelemetryStatusView {
        stream: if shards.is_some() { "redis" } else { "direct" },
        connected: totals.connected,
        devices: totals.devices,
        records_per_s: totals.per_s,
        lag: lag.into(),
        shards: listed,
        dead_letters_open,
    })
}

/// All together, and each. Of a larger number that was set once some may still hold something.
async fn each(pool: &Pool, shards: &dyn Shards) -> Result<(Lag, Vec<TelemetryShard>), Refusal> {
    let owned = store::telemetry_shard::list_shards(pool).await.map_err(store::refusal)?;
    let count = owned.last().map_or(0, |last| last.shard + 1).max(shards.count());
    let (mut all, mut listed) = (Lag::default(), Vec::new());
    for shard in 0..count {
        let lag = shards.lag(shard).await.map_err(|error| Refusal::Unavailable {
            detail: "the telemetry stream does not answer",
            source: Some(Box::new(error)),
        })?;
        let of = owned.iter().find(|of| of.shard == shard);
        let (owner, per_s) = of.map_or((None, 0.0), |of| (of.owner.clone(), of.per_s));
        listed.push(TelemetryShard { shard, owner, pending: lag.pending, per_s });
        all = all.and(lag);
    }
    Ok((all, listed))
}
