//! Generated files are marked, so that reviews fold them up and nobody edits them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::Finding;

/// As they stand in `.gitattributes`, each with `linguist-generated`.
const GENERATED: &[&str] = &[
    ".sqlx/**",
    "Cargo.lock",
    "docs/openapi.json",
    "e2e/package-lock.json",
    "web/package-lock.json",
    "web/src/lib/api/schema.d.ts",
];

pub(super) fn is_generated(path: &str) -> bool {
    GENERATED.iter().any(|known| path == *known || known.strip_suffix("**").is_some_and(|directory| path.starts_with(directory)))
}

pub(super) fn check(paths: &[String], root: &Path) -> anyhow::Result<Vec<Finding>> {
    let attributes = fs::read_to_string(root.join(".gitattributes")).context(".gitattributes")?;
    let mut findings = check_attributes(&attributes);
    let types = "web/src/lib/api/schema.d.ts";
    if paths.iter().any(|path| path == types) {
        let text = fs::read_to_string(root.join(types))?;
        if !text.lines().take(5).any(|line| line.contains("auto-generated")) {
            findings.push(Finding::new(types, 1, "does not say that it is generated; renew it with ./dev gen"));
        }
    }
    Ok(findings)
}

fn check_attributes(attributes: &str) -> Vec<Finding> {
    GENERATED
        .iter()
        .filter(|known| {
            !attributes.lines().any(|line| {
                let mut words = line.split_whitespace();
                words.next() == Some(**known) && words.any(|word| word == "linguist-generated")
            })
        })
        .map(|known| Finding::new(".gitattributes", 0, format!("`{known} linguist-generated` is missing")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generated_path_is_marked() {
        let all: String = GENERATED.iter().map(|known| format!("{known} linguist-generated\n")).collect();
        assert_eq!(check_attributes(&all), []);
        assert_eq!(check_attributes("").len(), GENERATED.len());
        assert_eq!(check_attributes(&all.replace("Cargo.lock linguist-generated", "Cargo.lock -diff")).len(), 1);
        assert!(is_generated(".sqlx/query-1.json"));
        assert!(!is_generated("web/src/lib/api/client.ts"));
    }
}
