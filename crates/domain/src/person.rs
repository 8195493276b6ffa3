//! People: the facet that everybody who sees the person may read.

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What one signs in with; lower case.
    pub login: String,
    pub email: Option<String>,
    pub disabled: bool,
}

/// What an intention sets of a person; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// `Some(None)` clears it.
    #[serde(default, with = "crate::intention::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

impl PersonPatch {
    pub fn validate(&self) -> Result<(), Refusal> {
        if let Some(login) = &self.login {
            let mut chars = login.chars();
            let first_ok = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            let rest_ok = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._@+-".contains(c));
            if !first_ok || !rest_ok || login.len() > 64 {
                return Err(Refusal::invalid(
                    "login",
                    "1 to 64 lower-case letters, digits or ._@+- beginning with a letter or digit",
                ));
            }
        }
        if let Some(Some(email)) = &self.email {
            validate_email(email)?;
        }
        Ok(())
    }
}

/// Refuses what can't be an address.
pub fn validate_email(email: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = email.split('@').collect();
    let is_whole = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
    if !is_whole || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Refusal::invalid("email", "an address like name@example.org"));
    }
    Ok(())
}
