//! How far Synops itself is: for everybody, for those whose work it meets, and for administrators.

pub(crate) mod mine;
pub(crate) mod status;

use crate::state::State;
use crate::wire::lifecycle::Lifecycle;
use axum::Json;

/// How far Synops is
///
/// Whether a stop of Synops itself is planned or under way. Sockets are told the same, as it changes.
#[utoipa::path(get, path = "/lifecycle", operation_id = "get_lifecycle", tag = "lifecycle",
    responses((status = 200, description = "As it is now", body = Lifecycle)))]
pub(crate) async fn get_lifecycle(state: State) -> Json<Lifecycle> {
    Json(now(&state))
}

pub(crate) fn now(state: &State) -> Lifecycle {
    Lifecycle {
        phase: state.phase().into(),
        server_time: state.now(),
        window: state.wiring.windows.borrow().as_ref().map(Into::into),
    }
}
