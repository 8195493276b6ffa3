//! One-time sign-in links, for a first sign-in and for a forgotten password.

use super::audit::{self, AccountEvent};
use crate::caller::Caller;
use crate::extract::{Path, refuse_key};
use crate::layers::request_id::RequestId;
use crate::refusal::Refused;
use crate::secret::Secret;
use crate::state::{Settings, State};
use crate::wire::account::SignInLink;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use domain::access::Level;
use domain::limits::SIGN_IN_LINK_LASTS;
use domain::node::INSTANCE_ID;
use domain::{NodeKind, Refusal};
use serde_json::json;
use uuid::Uuid;

/// Make a one-time sign-in link for somebody
///
/// Takes an administrator of the instance, signed in by a session, and nobody makes one for
/// somebody above them. An earlier link of the person ends.
#[utoipa::path(post, path = "/people/{id}/sign-in-link", operation_id = "create_sign_in_link", tag = "people",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 201, description = "Made", body = SignInLink)))]
pub(crate) async fn create_sign_in_link(
    state: State,
    caller: Caller,
    headers: HeaderMap,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<SignInLink>), Refused> {
    refuse_key(&headers)?;
    let actor = caller.session_holder()?;
    let no_such = Refusal::NotFound { what: "person" };
    let person = store::node::find_readable_node(state.pool(), Some(actor.id), id).await?;
    let person = person.filter(|node| node.kind == NodeKind::Person).ok_or(no_such)?;

    let own = store::access::find_level(state.pool(), Some(actor.id), INSTANCE_ID).await?;
    if own.is_none_or(|level| level < Level::Admin) {
        return Err(Refusal::forbidden("this needs an administrator of the instance").into());
    }
    if store::access::find_level(state.pool(), Some(id), INSTANCE_ID).await? > own {
        return Err(Refusal::forbidden("this person has a higher level than you").into());
    }
    let account = store::account::find_credentials_of(state.pool(), id).await?.ok_or(Refusal::NotFound { what: "person" })?;
    if account.disabled {
        return Err(Refusal::conflict("this person is disabled and can't sign in").into());
    }

    let secret = Secret::new("");
    let mut tx = store::begin(state.pool()).await?;
    let expires_at = store::sign_in_link::insert_link(&mut *tx, &secret.hash, id, SIGN_IN_LINK_LASTS).await?;
    let event = AccountEvent {
        action: "create_sign_in_link",
        actor_id: actor.id,
        actor_title: &actor.title,
        person_id: id,
        person_title: &person.title,
        more: json!({ "expires_at": expires_at }),
        request_id: Some(request_id.as_str()),
    };
    audit::record(&mut tx, event).await?;
    tx.commit().await?;
    let made = SignInLink { url: sign_in_url(state.settings(), &secret.text), expires_at };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Where the page takes a link's token. It stands in the fragment, which browsers never send: it
/// reaches no log.
pub fn sign_in_url(settings: &Settings, token: &str) -> String {
    format!("{}/sign-in/link#{token}", settings.public_url.trim_end_matches('/'))
}
