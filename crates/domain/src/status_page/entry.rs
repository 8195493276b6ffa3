//! What may be asked of a status page.

use crate::limits::{
    EMAIL_MAX_CHARS, STATUS_HEADLINE_MAX_CHARS, STATUS_HISTORY_MAX_DAYS, STATUS_LABEL_MAX_CHARS, STATUS_SLUG_MAX_CHARS,
};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What may be set of a status page; absent fields stay (or have their defaults).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusPagePatch {
    /// Small letters, digits and hyphens: `/status/<slug>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_history_days: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
}

impl StatusPagePatch {
    /// What can be said without looking.
    pub fn validate(&self) -> Result<(), Refusal> {
        let is_slug = |slug: &str| {
            (1..=STATUS_SLUG_MAX_CHARS).contains(&slug.len())
                && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if self.slug.as_deref().is_some_and(|slug| !is_slug(slug)) {
            return Err(Refusal::invalid("slug", format!("1 to {STATUS_SLUG_MAX_CHARS} of a-z, 0-9 and -")));
        }
        if self.headline.as_deref().is_some_and(|text| !is_line(text, STATUS_HEADLINE_MAX_CHARS)) {
            return Err(Refusal::invalid("headline", format!("one line of at most {STATUS_HEADLINE_MAX_CHARS} characters")));
        }
        if self.show_history_days.is_some_and(|days| !(0..=STATUS_HISTORY_MAX_DAYS).contains(&days)) {
            return Err(Refusal::invalid("show_history_days", format!("0 to {STATUS_HISTORY_MAX_DAYS}")));
        }
        Ok(())
    }
}

/// A system or group on a page, in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryPatch {
    /// A system, or a group: then its systems are shown, by their own titles.
    pub target_id: Uuid,
    /// Shown instead of the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl EntryPatch {
    pub fn validate(&self) -> Result<(), Refusal> {
        match &self.label {
            Some(label) if label.trim().is_empty() || !is_line(label, STATUS_LABEL_MAX_CHARS) => {
                Err(Refusal::invalid("label", format!("one line of 1 to {STATUS_LABEL_MAX_CHARS} characters")))
            }
            _ => Ok(()),
        }
    }
}

fn is_line(text: &str, max_chars: usize) -> bool {
    text.chars().count() <= max_chars && !text.chars().any(char::is_control)
}

/// Whether it may be an address that mail is sent to: one `@` with something before it and a name with a dot
/// behind it, and nothing that a mail's header could be ended with. Whether somebody reads there only a mail tells.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let is_tame =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '@' | '[' | ']' | '\\');
    let has_labels = host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    text.len() <= EMAIL_MAX_CHARS
        && (1..=64).contains(&name.len())
        && name.chars().all(is_tame)
        && host.contains('.')
        && has_labels
        && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_can_not_be_is_refused() {
        fn check(json: &str, expect: Option<&str>) {
            let patch: StatusPagePatch = serde_json::from_str(json).unwrap();
            let field = patch.validate().err().map(|refusal| match refusal {
                Refusal::Invalid { field, .. } => field,
                other => panic!("{other}"),
            });
            assert_eq!(field.as_deref(), expect, "{json}");
        }
        check(r#"{"slug":"acme-2","headline":"All about Acme","show_history_days":0}"#, None);
        for slug in ["", "Acme", "a b", "a.json", "../a", "å"] {
            check(&format!(r#"{{"slug":"{slug}"}}"#), Some("slug"));
        }
        check(&format!(r#"{{"slug":"{}"}}"#, "a".repeat(65)), Some("slug"));
        check(r#"{"headline":"a\nb"}"#, Some("headline"));
        check(r#"{"show_history_days":91}"#, Some("show_history_days"));
        check(r#"{"show_history_days":-1}"#, Some("show_history_days"));
        let label = |label: &str| EntryPatch { target_id: Uuid::nil(), label: Some(label.to_owned()) }.validate().is_ok();
        assert!(label("Shop") && !label(" ") && !label("a\0b") && !label(&"x".repeat(101)));
    }

    #[test]
    fn addresses() {
        for good in ["kari@example.org", "k.n+status@mail.example.co.uk"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@example.org", "x".repeat(65));
        for bad in [
            "",
            "kari",
            "@example.org",
            "kari@",
            "kari@host",
            "a@b@c.d",
            "a b@c.d",
            "a@c.d\r\nBcc: e@f.g",
            "a@.d",
            "a@c..d",
            "<a@c.d>",
            &long,
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
