//! What can be said of catalog intentions without looking.

use super::{Intention, validate_own, validate_title};
use crate::limits::ORDER_IDS_MAX;
use crate::person::validate_email;
use crate::refusal::Refusal;
use crate::view::ViewFilter;
use std::collections::HashSet;
use uuid::Uuid;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::OrderGroups { ids, .. } => validate_order(ids),
        Intention::CreateView { title, body, attrs, view, .. } => {
            validate_own(Some(title), Some(body), Some(attrs))?;
            view.validate().map_err(|r| r.within("view"))
        }
        Intention::UpdateView { title, body, attrs, view, .. } => {
            validate_own(title.as_deref(), body.as_deref(), attrs.as_ref())?;
            view.as_ref().map_or(Ok(()), ViewFilter::validate).map_err(|r| r.within("view"))
        }
        Intention::AddContact { contact, .. } => {
            let title = contact.mailbox.as_ref().map_or(Ok(()), |mailbox| validate_title(&mailbox.title));
            title.map_err(|r| r.within("mailbox")).and_then(|()| contact.validate()).map_err(|r| r.within("contact"))
        }
        Intention::UpdateMailbox { title, email, .. } => {
            title.as_deref().map_or(Ok(()), validate_title)?;
            email.as_deref().map_or(Ok(()), validate_email)
        }
        _ => Ok(()),
    }
}

fn validate_order(ids: &[Uuid]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    if ids.is_empty() || ids.len() > ORDER_IDS_MAX || !ids.iter().all(|id| seen.insert(*id)) {
        return Err(Refusal::invalid("ids", format!("1 to {ORDER_IDS_MAX}, each once")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_each_once() {
        let id = |n: u128| Uuid::from_u128(n);
        assert!(validate_order(&[id(1), id(2)]).is_ok());
        for bad in [vec![], vec![id(1), id(1)], (0..=ORDER_IDS_MAX as u128).map(id).collect()] {
            assert!(validate_order(&bad).is_err(), "{}", bad.len());
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |json: &str, expect: Option<&str>| {
            let intention: Intention = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
            match (intention.validate(), expect) {
                (Ok(()), None) => {}
                (Err(Refusal::Invalid { field, .. }), Some(expect)) => assert_eq!(field, expect, "{json}"),
                (other, _) => panic!("{json}: {other:?}"),
            }
        };
        let id = "00000000-0000-7000-8000-000000000001";
        check(&format!(r#"{{"type":"create_view","parent_id":"{id}","title":"Mine","view":{{}}}}"#), None);
        check(&format!(r#"{{"type":"create_view","parent_id":"{id}","title":"","view":{{}}}}"#), Some("title"));
        check(&format!(r#"{{"type":"add_contact","target_id":"{id}","contact":{{}}}}"#), Some("contact.person_id"));
        let nameless = r#""contact":{"mailbox":{"title":" ","email":"a@b"}}"#;
        check(&format!(r#"{{"type":"add_contact","target_id":"{id}",{nameless}}}"#), Some("contact.mailbox.title"));
        check(&format!(r#"{{"type":"update_mailbox","id":"{id}","version":1,"email":"a"}}"#), Some("email"));
        let edge = format!(r#""type":"create_edge","source_id":"{id}","target_id":"00000000-0000-7000-8000-000000000002""#);
        check(&format!(r#"{{{edge},"kind":"depends_on","attrs":{{"impact":"fatal"}}}}"#), Some("attrs.impact"));
        check(&format!(r#"{{{edge},"kind":"relates_to","attrs":{{"impact":"fatal"}}}}"#), None);
    }
}
