//! One's own account.

use super::audit::{self, AccountEvent};
use crate::caller::Caller;
use crate::extract::{Body, Submission, refuse_key};
use crate::layers::request_id::RequestId;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::account::{Me, MeChange, PasswordChange, Preferences};
use crate::wire::node::NodeView;
use crate::wire::problem::Problem;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::Refusal;
use domain::access::Level;
use domain::intention::Intention;
use domain::node::INSTANCE_ID;
use domain::person::PersonPatch;
use serde_json::{Map, Value, json};
use store::account::Account;

/// Who is signed in
///
/// Answers to everybody: `person` is null for those who aren't signed in.
#[utoipa::path(get, path = "/me", operation_id = "get_me", tag = "account",
    responses((status = 200, description = "Who is signed in", body = Me)))]
pub(crate) async fn get_me(state: State, caller: Caller) -> Result<Response, Refused> {
    show(&state, &caller).await
}

/// `Me` of a caller.
pub(crate) async fn show(state: &State, caller: &Caller) -> Result<Response, Refused> {
    let (mut node, mut levels, mut account) = (None, Vec::new(), Account::default());
    if let Some(id) = caller.reader() {
        node = store::node::find_node(state.pool(), id).await?;
        levels = store::access::list_levels(state.pool(), id).await?;
        account = store::account::find_account(state.pool(), id).await?;
    }
    let instance_admin = levels.iter().any(|(scope, level)| *scope == INSTANCE_ID && *level >= Level::Admin);
    let me = Me {
        person: node.as_ref().map(NodeView::from),
        instance_admin,
        levels: levels.into_iter().collect(),
        has_password: account.has_password,
        preferences: known(account.preferences),
        server_time: state.now(),
    };
    Ok(Json(me).into_response())
}

/// What we still know of what was once chosen: each alone, so that one odd value costs no other.
fn known(mut stored: Map<String, Value>) -> Preferences {
    let mut take = |name: &str| stored.remove(name).unwrap_or_default();
    Preferences {
        locale: serde_json::from_value(take("locale")).unwrap_or_default(),
        theme: serde_json::from_value(take("theme")).unwrap_or_default(),
    }
}

/// Change one's own account
///
/// Name, address and preferences; absent fields stay.
#[utoipa::path(patch, path = "/me", operation_id = "update_me", tag = "account", request_body = MeChange,
    responses(
        (status = 200, description = "As it is now", body = Me),
        (status = 412, description = "An administrator changed it in the same moment", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn update_me(state: State, submission: Submission<MeChange>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let person = caller.writer()?;
    if input.title.is_some() || input.email.is_some() {
        let node = store::node::find_node(state.pool(), person.id).await?.ok_or(Refusal::NotFound { what: "person" })?;
        let patch = input.email.map(|email| PersonPatch { email: Some(email), ..PersonPatch::default() });
        let intention = Intention::UpdateNode {
            id: person.id,
            // One's own account: the last word is one's own.
            version: node.version,
            title: input.title,
            body: None,
            attrs: None,
            position: None,
            system: None,
            person: patch,
        };
        let nothing = |_: &[intentions::Outcome]| (StatusCode::NO_CONTENT.as_u16(), Value::Null);
        state.wiring.intentions.carry_out(&caller.actor, vec![intention], &context, nothing).await?;
    }
    if let Some(preferences) = input.preferences
        && let Ok(Value::Object(chosen)) = serde_json::to_value(preferences)
    {
        store::account::merge_preferences(state.pool(), person.id, &chosen).await?;
    }
    show(&state, &caller).await
}

/// Set or change one's password
///
/// Signs out everywhere else.
#[utoipa::path(post, path = "/me/password", operation_id = "set_password", tag = "account", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn set_password(
    state: State,
    caller: Caller,
    headers: HeaderMap,
    Extension(request_id): Extension<RequestId>,
    Body(input): Body<PasswordChange>,
) -> Result<StatusCode, Refused> {
    refuse_key(&headers)?;
    let person = caller.session_holder()?;
    let known = store::account::find_credentials_of(state.pool(), person.id).await?;
    let before = known.and_then(|k| k.password_hash);
    if before.is_some() {
        // Whoever found a browser open may not guess either.
        state.attempts.on_login(&person.id.to_string())?;
        let current = input.current.ok_or_else(|| Refusal::invalid("current", "the present password"))?;
        if !state.passwords.verify(current, before.clone()).await? {
            return Err(Refusal::invalid("current", "the present password").into());
        }
    }
    let hash = state.passwords.hash(input.new).await?;

    let mut tx = store::begin(state.pool()).await?;
    store::account::lock_account(&mut *tx, person.id).await?;
    let now = store::account::find_credentials_of(&mut *tx, person.id).await?;
    if now.and_then(|k| k.password_hash) != before {
        return Err(Refusal::conflict("the password was changed from elsewhere meanwhile").into());
    }
    store::account::upsert_password(&mut *tx, person.id, &hash).await?;
    store::session::delete_others(&mut *tx, person.id, caller.session_id()).await?;
    let event = AccountEvent {
        action: "set_password",
        actor_id: person.id,
        actor_title: &person.title,
        person_id: person.id,
        person_title: &person.title,
        more: json!({}),
        request_id: Some(request_id.as_str()),
    };
    audit::record(&mut tx, event).await?;
    tx.commit().await?;
    state.ring();
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::account::{Locale, Theme};

    #[test]
    fn odd_preferences_are_let_be() {
        let check = |stored: Value, locale: Option<Locale>, theme: Option<Theme>| {
            let Value::Object(stored) = stored else { panic!("{stored}") };
            assert_eq!(known(stored), Preferences { locale, theme });
        };
        check(json!({}), None, None);
        check(json!({"locale": "nb", "theme": "dark"}), Some(Locale::Nb), Some(Theme::Dark));
        check(json!({"locale": "tlh", "theme": "light", "more": 1}), None, Some(Theme::Light));
    }
}
