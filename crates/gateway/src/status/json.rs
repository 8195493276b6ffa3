//! A status page as JSON.

use crate::wire::status::StatusJson;
use chrono::{DateTime, Utc};
use domain::status_page::StatusView;
use serde::Serialize;

#[derive(Serialize)]
struct Told<'a> {
    /// When the server was level with the database.
    as_of: DateTime<Utc>,
    #[serde(flatten)]
    page: StatusJson<'a>,
}

pub(super) fn page(view: &StatusView, as_of: DateTime<Utc>) -> String {
    // Texts, numbers and times: there is nothing that could fail.
    serde_json::to_string(&Told { as_of, page: StatusJson::from(view) }).unwrap_or_default()
}
