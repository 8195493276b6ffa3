//! What people read first: links that lead somewhere, and a short README.

use super::Finding;
use super::source::Source;

const README_LINES_MAX: usize = 120;

pub(super) fn check_readme(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if source.path != "README.md" || lines <= README_LINES_MAX {
        return Vec::new();
    }
    let what = format!("{lines} lines, {README_LINES_MAX} are allowed; move the detail to docs/");
    vec![Finding::new(&source.path, 0, what)]
}

/// Relative links of Markdown files lead to files or directories of the repository.
pub(super) fn check_links(source: &Source, paths: &[String]) -> Vec<Finding> {
    if !source.has_extension("md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut in_fence = false;
    for (index, line) in source.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if in_fence {
            continue;
        }
        for target in targets(line) {
            let Some(path) = resolve(&source.path, target) else {
                continue;
            };
            let directory = format!("{path}/");
            if !paths.iter().any(|known| *known == path || known.starts_with(&directory)) {
                findings.push(Finding::new(&source.path, index + 1, format!("the link leads nowhere: {target}")));
            }
        }
    }
    findings
}

/// The targets of `[text](target)` and `![text](target)` in a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, mark)| {
        let rest = &line[at + mark.len()..];
        let target = &rest[..rest.find(')')?];
        target.split_whitespace().next()
    })
}

/// The path of the repository that a link means; nothing for what lies outside or on the same page.
fn resolve(from: &str, target: &str) -> Option<String> {
    let target = target.split('#').next().filter(|target| !target.is_empty())?;
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        fn check(path: &str, text: &str, expect: &[usize]) {
            let paths = ["README.md", "docs/API.md", "docs/a.png", "crates/store/src/lib.rs"].map(str::to_owned);
            let found: Vec<usize> =
                check_links(&Source::new(path, text), &paths).into_iter().map(|finding| finding.line).collect();
            assert_eq!(found, expect, "{text}");
        }
        check("README.md", "[a](docs/API.md) ![b](docs/a.png \"title\") [c](#here)", &[]);
        check("README.md", "[a](https://example.org/x) [b](mailto:a@example.org)", &[]);
        check("README.md", "[a](docs/GONE.md)\n[b](docs/API.md#part)", &[1]);
        check("docs/API.md", "[a](../README.md) [b](../crates/store)", &[]);
        check("docs/API.md", "[a](README.md)", &[1]);
        check("docs/API.md", "```\n[a](GONE.md)\n```", &[]);
        check("docs/a.txt", "[a](GONE.md)", &[]);
    }

    #[test]
    fn a_readme_is_short() {
        let run = |path, lines| check_readme(&Source::new(path, &"x\n".repeat(lines))).len();
        assert_eq!(run("README.md", 120), 0);
        assert_eq!(run("README.md", 121), 1);
        assert_eq!(run("docs/API.md", 121), 0);
    }
}
