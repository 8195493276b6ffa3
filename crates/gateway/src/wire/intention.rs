//! What is asked of `POST /intentions`, and what it answers.

use super::command::CommandView;
use super::edge::EdgeView;
use super::node::NodeView;
use super::series::SeriesView;
use domain::Intention;
use intentions::Outcome;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// All in one transaction, in order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntentionsRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub(crate) intentions: Vec<Intention>,
}

/// What became of each, in the same order.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntentionsAnswer<'a> {
    pub(crate) results: Vec<IntentionResult<'a>>,
}

/// Exactly one of them is there.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct IntentionResult<'a> {
    /// As it is after the whole request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node: Option<NodeView<'a>>,
    /// As it is after the whole request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    edge: Option<EdgeView<'a>>,
    /// The id of what is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deleted: Option<Uuid>,
    /// The id of the system that is checked now, or of the device whose story is told anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    series: Option<SeriesView>,
    /// So many positions are marked, or not any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    marked: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    command: Option<CommandView>,
}

impl<'a> From<&'a Outcome> for IntentionResult<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Node(node) => Self { node: Some(node.as_ref().into()), ..Self::default() },
            Outcome::Edge(edge) => Self { edge: Some(edge.into()), ..Self::default() },
            Outcome::Deleted(id) => Self { deleted: Some(*id), ..Self::default() },
            Outcome::Due(id) => Self { due: Some(*id), ..Self::default() },
            Outcome::Marked(count) => Self { marked: Some(*count), ..Self::default() },
            Outcome::Command(command) => Self { command: Some(command.as_ref().clone().into()), ..Self::default() },
            Outcome::Series(series) => Self { series: Some(SeriesView::new(series.as_ref().clone())), ..Self::default() },
        }
    }
}
