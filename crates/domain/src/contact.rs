//! Contacts: who is asked about a system or a group. A person, a team, or a mailbox of nobody with an
//! account.

use crate::limits::CONTACT_ROLE_MAX_CHARS;
use crate::person::validate_email;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// Where an edge `contact_of` has the role.
pub const ROLE_ATTR: &str = "role";

/// A mailbox in the making.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailbox {
    #[schema(min_length = 1, max_length = 200, example = "Hosting support")]
    pub title: String,
    #[schema(example = "support@example.org")]
    pub email: String,
}

/// Who is asked: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub person_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub team_id: Option<Uuid>,
    /// A mailbox that is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact_id: Option<Uuid>,
    /// A new mailbox, beside what it is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mailbox: Option<NewMailbox>,
    /// What they are asked about it as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "on call")]
    pub role: Option<String>,
}

impl NewContact {
    pub fn validate(&self) -> Result<(), Refusal> {
        let given = [self.person_id.is_some(), self.team_id.is_some(), self.contact_id.is_some(), self.mailbox.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            return Err(Refusal::invalid("person_id", "exactly one of person_id, team_id, contact_id and mailbox"));
        }
        if let Some(mailbox) = &self.mailbox {
            validate_email(&mailbox.email).map_err(|refusal| refusal.within("mailbox"))?;
        }
        match &self.role {
            Some(role) if role.trim().is_empty() || role.contains('\0') || role.chars().count() > CONTACT_ROLE_MAX_CHARS => {
                Err(Refusal::invalid("role", format!("1 to {CONTACT_ROLE_MAX_CHARS} characters")))
            }
            _ => Ok(()),
        }
    }

    /// Of the edge `contact_of`.
    pub fn attrs(&self) -> Map<String, Value> {
        self.role.iter().map(|role| (ROLE_ATTR.to_owned(), Value::from(role.as_str()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_one_of_four() {
        let check = |json: &str, expect: Option<&str>| {
            let contact: NewContact = serde_json::from_str(json).unwrap();
            match (contact.validate(), expect) {
                (Ok(()), None) => {}
                (Err(Refusal::Invalid { field, .. }), Some(expect)) => assert_eq!(field, expect, "{json}"),
                (other, _) => panic!("{json}: {other:?}"),
            }
        };
        let id = "00000000-0000-7000-8000-000000000001";
        check(&format!(r#"{{"person_id":"{id}","role":"on call"}}"#), None);
        check(&format!(r#"{{"person_id":"{id}","team_id":"{id}"}}"#), Some("person_id"));
        check("{}", Some("person_id"));
        check(r#"{"mailbox":{"title":"Support","email":"support@example.org"}}"#, None);
        check(r#"{"mailbox":{"title":"Support","email":"support"}}"#, Some("mailbox.email"));
        check(&format!(r#"{{"team_id":"{id}","role":" "}}"#), Some("role"));
    }
}
