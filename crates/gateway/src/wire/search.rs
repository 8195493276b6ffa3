//! What a search finds.

use domain::NodeKind;
use domain::search::Part;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A node that was found, in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct SearchHit {
    pub(crate) id: Uuid,
    pub(crate) kind: NodeKind,
    #[schema(example = "Checkout")]
    pub(crate) title: String,
    pub(crate) scope_id: Uuid,
    #[schema(required)]
    pub(crate) parent_id: Option<Uuid>,
    /// Null: not to be seen by the caller.
    #[schema(required, example = "Payments")]
    pub(crate) parent_title: Option<String>,
    /// A piece of its text, around what was asked for; plain text, in parts.
    pub(crate) snippet: Vec<SnippetPart>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SnippetPart {
    #[schema(example = "disks")]
    pub(crate) text: String,
    /// Whether it is what was asked for.
    pub(crate) hit: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SearchPage {
    pub(crate) items: Vec<SearchHit>,
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

impl From<Part> for SnippetPart {
    fn from(part: Part) -> Self {
        Self { text: part.text, hit: part.is_hit }
    }
}
