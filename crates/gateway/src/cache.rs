//! How the cache does, for administrators and for `/metrics`. Never what is in it.

use crate::admin::administrator;
use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::cache::CacheView;
use axum::Json;

/// The cache
///
/// Its scopes with their sizes and hit rates, since this server started; never keys or values. Takes an
/// administrator of the instance.
#[utoipa::path(get, path = "/admin/cache", operation_id = "get_cache", tag = "admin",
    responses((status = 200, description = "As it is now", body = CacheView)))]
pub(crate) async fn get_cache(state: State, caller: Caller) -> Result<Json<CacheView>, Refused> {
    administrator(&state, &caller).await?;
    let (provider, is_used, scopes) = state.reads().info();
    Ok(Json(CacheView { provider, is_used, scopes: scopes.iter().map(Into::into).collect() }))
}

/// Brings the figures of `/metrics` level.
pub(crate) fn measure(state: &State) {
    let (_, is_used, scopes) = state.reads().info();
    metrics::gauge!("synops_cache_used").set(f64::from(u8::from(is_used)));
    for scope in scopes {
        let (name, counts) = (scope.name, scope.counts);
        metrics::counter!("synops_cache_hits_total", "scope" => name).absolute(counts.hits);
        metrics::counter!("synops_cache_misses_total", "scope" => name).absolute(counts.misses);
        metrics::counter!("synops_cache_joins_total", "scope" => name).absolute(counts.joins);
        metrics::counter!("synops_cache_refusals_total", "scope" => name).absolute(counts.refusals);
        metrics::counter!("synops_cache_evictions_total", "scope" => name).absolute(counts.evictions);
        metrics::counter!("synops_cache_troubles_total", "scope" => name).absolute(counts.troubles);
        if let Some((entries, bytes)) = scope.size {
            metrics::gauge!("synops_cache_entries", "scope" => name).set(entries as f64);
            metrics::gauge!("synops_cache_bytes", "scope" => name).set(bytes as f64);
        }
    }
}
