//! `synops token`.

use super::{find_person, print, print_json};
use crate::cli::{Access, TokenVerb};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use crate::people;
use chrono::{TimeDelta, Utc};
use domain::limits::TOKENS_PER_PERSON_MAX;
use domain::token::TokenAccess;
use gateway::{API_TOKEN_PREFIX, Secret};
use serde_json::json;
use store::api_token::NewToken;
use uuid::Uuid;

pub async fn run(verb: &TokenVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = create(verb, &database).await;
    database.close().await?;
    done.map(|()| Outcome::Done)
}

#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
async fn create(verb: &TokenVerb, database: &Database) -> anyhow::Result<()> {
    let TokenVerb::Create { login, name, access, days, json } = verb;
    let person_id = find_person(database, login).await?;
    let secret = Secret::new(API_TOKEN_PREFIX);
    let id = Uuid::now_v7();
    let expires_at = days.map(|days| Utc::now() + TimeDelta::days(days.into()));
    let access = match access {
        Access::Read => TokenAccess::Read,
        Access::Write => TokenAccess::Write,
    };
    let mut tx = store::begin(&database.pool).await?;
    store::account::lock_account(&mut *tx, person_id).await?;
    let new = NewToken { id, token_hash: &secret.hash, person_id, name, access, expires_at };
    let made = store::api_token::insert_token(&mut *tx, new, TOKENS_PER_PERSON_MAX).await.map_err(store::refusal)?;
    anyhow::ensure!(made, "{login} has {TOKENS_PER_PERSON_MAX} tokens, which is the most: revoke one first");
    people::record(&mut tx, "create_token", person_id, json!({ "login": login, "name": name, "access": access })).await?;
    tx.commit().await?;
    if json.json {
        return print_json(&json!({ "id": id, "token": secret.text, "expires_at": expires_at }));
    }
    print(&format!("{}\n", secret.text))
}
