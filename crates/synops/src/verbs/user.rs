//! `synops user`.

use super::{base_url, find_person, intentions, print, print_json, refused};
use crate::cli::{Grant, Json, UserVerb};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use crate::people::{self, NewPerson};
use domain::{EdgeKind, Level};
use serde_json::json;
use store::person::PersonLine;

/// More are left to the API, which pages.
const LISTED_MAX: i64 = 10_000;

pub async fn run(verb: &UserVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = carry_out(verb, config, &database).await;
    database.close().await?;
    done.map(|()| Outcome::Done)
}

async fn carry_out(verb: &UserVerb, config: &Config, database: &Database) -> anyhow::Result<()> {
    match verb {
        UserVerb::Create { login, name, email, grant, json } => {
            let new = NewPerson {
                login,
                title: name.as_deref().unwrap_or(login),
                email: email.as_deref(),
                grant: grant.map(edge_kind),
            };
            let id = people::create(&intentions(database), new).await.map_err(refused)?;
            let link = base_url(config) + &people::sign_in_link(&database.pool, id).await?;
            if json.json {
                return print_json(&json!({ "id": id, "login": login, "sign_in_url": link }));
            }
            print(&format!("{login} can sign in once, within a day, with {link}\n"))
        }
        UserVerb::List(json) => list(*json, &store::person::list_people(&database.pool, LISTED_MAX).await?),
        UserVerb::ResetPassword { login, json } => reset_password(login, *json, config, database).await,
    }
}

fn edge_kind(grant: Grant) -> EdgeKind {
    match grant {
        Grant::Reader => EdgeKind::Reader,
        Grant::Member => EdgeKind::MemberOf,
        Grant::Admin => EdgeKind::Admin,
        Grant::Owner => EdgeKind::Owner,
    }
}

fn list(json: Json, people: &[PersonLine]) -> anyhow::Result<()> {
    if json.json {
        return print_json(&people);
    }
    let width = people.iter().map(|person| person.login.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for person in people {
        let level = person.instance_level.and_then(Level::from_i16).map_or("", Level::as_str);
        let notes = [(level, !level.is_empty()), ("disabled", person.disabled), ("no password", !person.has_password)];
        let notes: Vec<&str> = notes.into_iter().filter(|(_, holds)| *holds).map(|(note, _)| note).collect();
        text.push_str(format!("{:width$}  {}  {}", person.login, person.title, notes.join(", ")).trim_end());
        text.push('\n');
    }
    print(&text)
}

/// In one transaction: an old session must not outlive the old password.
async fn reset_password(login: &str, json: Json, config: &Config, database: &Database) -> anyhow::Result<()> {
    let id = find_person(database, login).await?;
    let mut tx = store::begin(&database.pool).await?;
    store::person::delete_password(&mut *tx, id).await?;
    store::session::delete_others(&mut *tx, id, None).await?;
    people::record(&mut tx, "reset_password", id, json!({ "login": login })).await?;
    tx.commit().await?;
    let link = base_url(config) + &people::sign_in_link(&database.pool, id).await?;
    if json.json {
        return print_json(&json!({ "id": id, "login": login, "sign_in_url": link }));
    }
    print(&format!("{login} is signed out everywhere and can sign in once, within a day, with {link}\n"))
}
