//! Boards and notes: what is asked, and what is told of them.

use chrono::{DateTime, Utc};
use domain::Visibility;
use domain::board::{Card, Column, Place};
use serde::{Deserialize, Serialize};
use store::note::NoteVersion;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a column has besides. Its board is what it is part of.
#[derive(Serialize, ToSchema)]
#[schema(as = ColumnFacet)]
pub(crate) struct ColumnView<'a> {
    /// Smaller ones stand first, compared byte by byte.
    #[schema(example = "80")]
    order_key: &'a str,
}

impl<'a> From<&'a Column> for ColumnView<'a> {
    fn from(column: &'a Column) -> Self {
        Self { order_key: &column.order_key }
    }
}

/// What a card has besides. Its board is what it is part of.
#[derive(Serialize, ToSchema)]
#[schema(as = CardFacet)]
pub(crate) struct CardView<'a> {
    column_id: Uuid,
    /// Within its column: smaller ones stand first, compared byte by byte.
    #[schema(example = "80")]
    order_key: &'a str,
}

impl<'a> From<&'a Card> for CardView<'a> {
    fn from(card: &'a Card) -> Self {
        Self { column_id: card.column_id, order_key: &card.order_key }
    }
}

/// A new board; or note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBoard {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// The instance, a workspace or group; or an incident or maintenance, whose run-sheet it then is.
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Move to the new rack")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    /// By default `members`: those of what is around it.
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    /// Takes no grants from the scopes around it.
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewColumn {
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "Doing")]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) place: Place,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnChange {
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnMove {
    #[serde(default)]
    pub(crate) place: Place,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCard {
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) column_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Swap the disks")]
    pub(crate) title: String,
    /// Markdown. `[label](node:<id>)` names a node, which the card then relates to.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) place: Place,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardMove {
    pub(crate) column_id: Uuid,
    #[serde(default)]
    pub(crate) place: Place,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// The instance, a workspace, group, system, incident or maintenance.
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "How to fail over")]
    pub(crate) title: String,
    /// Markdown. `[label](node:<id>)` names a node, which the note then relates to.
    #[serde(default)]
    pub(crate) body: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    /// Another place; a request of its own.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
}

/// A note as it was.
#[derive(Serialize, ToSchema)]
#[schema(as = NoteVersion)]
pub(crate) struct NoteVersionView {
    #[schema(example = 3)]
    version: i64,
    /// Until when.
    at: DateTime<Utc>,
    /// Who replaced it; null: the server itself, or somebody with psql.
    #[schema(required)]
    by_id: Option<Uuid>,
    #[schema(required)]
    by_title: Option<String>,
    title: String,
    body: String,
}

impl From<NoteVersion> for NoteVersionView {
    fn from(of: NoteVersion) -> Self {
        let NoteVersion { version, at, by_id, by_title, title, body } = of;
        Self { version, at, by_id, by_title, title, body }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NoteVersionPage {
    pub(crate) items: Vec<NoteVersionView>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
