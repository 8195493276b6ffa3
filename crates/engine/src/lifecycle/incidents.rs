//! Incidents that systems' rules open and end. Every server may look; each is opened, and ended, by one of
//! them (see `Intentions::open_due_incident`).

use domain::limits::INCIDENTS_AT_ONCE;
use intentions::Intentions;
use store::Pool;

/// Opens and ends what is due now. What can't be is tried again with the next look, and keeps nothing else
/// waiting: least of all a stop.
pub(super) async fn look(pool: &Pool, intentions: &Intentions) {
    match store::incident::list_resolvable(pool, INCIDENTS_AT_ONCE).await {
        Ok(ids) => {
            for id in ids {
                match intentions.resolve_due_incident(id).await {
                    Ok(true) => tracing::info!(incident_id = %id, "an incident has ended by rule"),
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, incident_id = %id, "an incident could not be ended by rule"),
                }
            }
        }
        Err(error) => tracing::warn!(%error, "incidents could not be looked at; tried again shortly"),
    }
    match store::incident::list_systems_to_report(pool, INCIDENTS_AT_ONCE).await {
        Ok(ids) => {
            for id in ids {
                match intentions.open_due_incident(id).await {
                    Ok(Some(opened)) => tracing::info!(system_id = %id, incident_id = %opened, "an incident was opened by rule"),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, system_id = %id, "an incident could not be opened by rule"),
                }
            }
        }
        Err(error) => tracing::warn!(%error, "systems that are down could not be looked at; tried again shortly"),
    }
}
