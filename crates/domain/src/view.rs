//! Views: saved selections of systems.

use crate::limits::{SEARCH_MAX_CHARS, VIEW_IDS_MAX, VIEW_SYSTEMS_MAX};
use crate::refusal::Refusal;
use crate::system::State;
use crate::text::text_enum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// In which order systems are told.
    SystemOrder {
        /// By title, in any case.
        Title = "title",
        /// What is down before what is degraded, before what is not known, before what is up.
        WorstFirst = "worst_first",
        /// What changed last, by its state with that of what it depends on.
        NewestFirst = "newest_first",
    }
}

/// Which systems a view shows: those that meet every condition, and those it names. What is empty or absent takes
/// all; but a view that names systems and has no condition shows these alone. Evaluated for whoever looks: nobody sees
/// more by a view than without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewFilter {
    /// In one of these states, by what they depend on, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<State>,
    /// Running in one of these environments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub environment_ids: Vec<Uuid>,
    /// In one of these groups, however deep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub group_ids: Vec<Uuid>,
    /// A part of the title, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub text: Option<String>,
    /// These besides, whatever the conditions say. One that is deleted falls out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub system_ids: Vec<Uuid>,
    /// By default `title`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<SystemOrder>,
}

impl ViewFilter {
    pub fn validate(&self) -> Result<(), Refusal> {
        if self.states.len() > State::ALL.len() {
            return Err(Refusal::invalid("states", "each state once"));
        }
        let lists = [
            ("environment_ids", &self.environment_ids, VIEW_IDS_MAX),
            ("group_ids", &self.group_ids, VIEW_IDS_MAX),
            ("system_ids", &self.system_ids, VIEW_SYSTEMS_MAX),
        ];
        for (field, ids, most) in lists {
            if ids.len() > most {
                return Err(Refusal::invalid(field, format!("at most {most}")));
            }
        }
        if self.text.as_ref().is_some_and(|text| text.contains('\0') || text.chars().count() > SEARCH_MAX_CHARS) {
            return Err(Refusal::invalid("text", format!("at most {SEARCH_MAX_CHARS} characters, without NUL")));
        }
        Ok(())
    }

    /// Whether there is a condition that a system could meet: without one, the systems that are named are all.
    pub fn has_conditions(&self) -> bool {
        let has_ids = !self.environment_ids.is_empty() || !self.group_ids.is_empty();
        has_ids || !self.states.is_empty() || self.text.as_ref().is_some_and(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_of_the_wrong_shape_are_refused() {
        let check = |filter: ViewFilter, expect: Option<&str>| match (filter.validate(), expect) {
            (Ok(()), None) => {}
            (Err(Refusal::Invalid { field, .. }), Some(expect)) => assert_eq!(field, expect),
            (other, _) => panic!("{other:?}"),
        };
        check(ViewFilter::default(), None);
        check(ViewFilter { states: State::ALL.to_vec(), ..ViewFilter::default() }, None);
        check(ViewFilter { states: vec![State::Up; 5], ..ViewFilter::default() }, Some("states"));
        check(ViewFilter { group_ids: vec![Uuid::nil(); VIEW_IDS_MAX + 1], ..ViewFilter::default() }, Some("group_ids"));
        check(ViewFilter { system_ids: vec![Uuid::nil(); VIEW_SYSTEMS_MAX], ..ViewFilter::default() }, None);
        check(ViewFilter { system_ids: vec![Uuid::nil(); VIEW_SYSTEMS_MAX + 1], ..ViewFilter::default() }, Some("system_ids"));
        check(ViewFilter { text: Some("a\0".to_owned()), ..ViewFilter::default() }, Some("text"));
        check(ViewFilter { text: Some("x".repeat(SEARCH_MAX_CHARS + 1)), ..ViewFilter::default() }, Some("text"));
        assert!(serde_json::from_str::<ViewFilter>(r#"{"sql":"true"}"#).is_err());
        let text = serde_json::to_string(&ViewFilter { order: Some(SystemOrder::WorstFirst), ..ViewFilter::default() }).unwrap();
        assert_eq!(text, r#"{"order":"worst_first"}"#);
    }
}
