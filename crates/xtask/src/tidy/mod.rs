//! The rules of the house, each as a check that names the place and what to do.
//!
//! A check is a function over text, with a table of examples as its test. What
//! clippy can see (`clippy.toml`, lints of the workspace) is left to clippy.

use std::fmt;
use std::fs;

use anyhow::{Context as _, bail};

use crate::repo;

mod crates;
mod docs;
mod generated;
mod graph_writes;
mod migrations;
mod patterns;
mod places;
mod rules_rust;
mod rules_web;
mod size;
mod source;
mod tree;

use source::Source;

/// One broken rule. The line counts from 1; 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// Runs every check over the files of the repository.
pub(crate) fn run() -> anyhow::Result<()> {
    let paths = repo::files()?;
    let sources = read(&paths)?;
    let mut findings = migrations::check_names(&paths);
    findings.extend(places::check_names(&paths));
    for source in &sources {
        for check in FILE_CHECKS {
            findings.extend(check(source));
        }
        findings.extend(docs::check_links(source, &paths));
    }
    findings.extend(graph_writes::check(&sources));
    findings.extend(generated::check(&paths, repo::root())?);
    findings.extend(crates::check_repository()?);
    findings.extend(tree::check_repository()?);
    findings.sort();
    findings.dedup();

    for source in sources.iter().filter(|source| size::counted_lines(source) > size::LINES_USUAL) {
        eprintln!("note: {} has more than {} lines", source.path, size::LINES_USUAL);
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} times a rule of the house is broken", findings.len());
    }
    eprintln!("{} files keep the rules of the house", sources.len());
    Ok(())
}

/// Every text of the repository; pictures and fonts are nobody's source.
fn read(paths: &[String]) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in paths {
        let bytes = fs::read(repo::root().join(path)).with_context(|| path.clone())?;
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source::new(path, &text));
        }
    }
    Ok(sources)
}

/// What is looked at in each file on its own.
const FILE_CHECKS: &[fn(&Source) -> Vec<Finding>] =
    &[docs::check_readme, migrations::check_text, patterns::check_rust, patterns::check_web, places::check_text, size::check];
