//! Migrations: their names, and SQL in small letters, there and in `store`.

use super::Finding;
use super::patterns::has_word;
use super::source::Source;

const CAPITALS: &[&str] = &[
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "FROM",
    "WHERE",
    "RETURNING",
    "VALUES",
    "JOIN",
    "CREATE",
    "ALTER",
    "DROP",
    "TABLE",
    "BEGIN",
    "END",
    "DECLARE",
    "GROUP BY",
    "ORDER BY",
    "NOT NULL",
];
/// Fewer: a text in `store` may also be a sentence.
const CAPITALS_IN_RUST: &[&str] =
    &["SELECT", "INSERT INTO", "DELETE FROM", "WHERE", "RETURNING", "ORDER BY", "ON CONFLICT", "FOR UPDATE"];

/// `0001_graph.sql`, `0002_access.sql`, … without a gap, and nothing else.
pub(super) fn check_names(paths: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut next = 1_u32;
    for path in paths {
        let Some(name) = path.strip_prefix("migrations/") else {
            continue;
        };
        match number(name) {
            Some(number) if number == next => next += 1,
            Some(_) => {
                let what = format!("the next number is {next:04}; migrations are never renumbered or left out");
                findings.push(Finding::new(path, 0, what));
            }
            None => findings.push(Finding::new(path, 0, "a migration is named NNNN_what.sql, in small letters")),
        }
    }
    findings
}

fn number(name: &str) -> Option<u32> {
    let (number, what) = name.strip_suffix(".sql")?.split_once('_')?;
    let named = !what.is_empty() && what.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let four = number.len() == 4 && number.chars().all(|c| c.is_ascii_digit());
    if named && four { number.parse().ok() } else { None }
}

/// SQL keywords are written in small letters.
pub(super) fn check_text(source: &Source) -> Vec<Finding> {
    let (text, words) = if source.path.starts_with("migrations/") {
        (blank_sql(&source.text), CAPITALS)
    } else if source.is_rust() && source.path.starts_with("crates/store/src/") {
        (literals(source), CAPITALS_IN_RUST)
    } else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(word) = words.iter().find(|word| has_word(line, word)) {
            let what = format!("`{word}`: SQL is written in small letters");
            findings.push(Finding::new(&source.path, index + 1, what));
        }
    }
    findings
}

/// Only what stands in quotes, line by line.
fn literals(source: &Source) -> String {
    source
        .uncommented
        .chars()
        .zip(source.code.chars())
        .map(|(text, code)| match (text, code) {
            ('\n', _) => '\n',
            (text, ' ') => text,
            _ => ' ',
        })
        .collect()
}

/// SQL without comments and strings.
fn blank_sql(text: &str) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if c == '\'' {
            rest[1..].find('\'').map_or(rest.len(), |at| at + 2)
        } else {
            blanked.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        blanked.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    blanked
}

#[cfg(test)]
mod tests {
    use super::super::patterns::lines_found;
    use super::*;

    #[test]
    fn names_count_without_a_gap() {
        fn check(names: &[&str], expect: &[&str]) {
            let paths: Vec<String> = names.iter().map(|name| format!("migrations/{name}")).collect();
            let found: Vec<String> = check_names(&paths).into_iter().map(|finding| finding.path).collect();
            let expect: Vec<String> = expect.iter().map(|name| format!("migrations/{name}")).collect();
            assert_eq!(found, expect);
        }
        check(&["0001_a.sql", "0002_b_c.sql"], &[]);
        check(&["0001_a.sql", "0003_c.sql"], &["0003_c.sql"]);
        check(&["0001_a.sql", "0001_b.sql"], &["0001_b.sql"]);
        check(&["001_a.sql"], &["001_a.sql"]);
        check(&["0001_A.sql"], &["0001_A.sql"]);
        check(&["README.md"], &["README.md"]);
    }

    #[test]
    fn capitals_are_found_outside_comments_and_strings() {
        fn check(path: &str, text: &str, expect: &[usize]) {
            assert_eq!(lines_found(check_text, path, text), expect, "{text}");
        }
        check("migrations/0001_a.sql", "create table a ();\nSELECT 1;", &[2]);
        check("migrations/0001_a.sql", "-- SELECT\n/* FROM\nWHERE */ select 'INSERT' where tg_op = 'UPDATE';", &[]);
        check("crates/store/src/a.rs", "// SELECT\nq(\"SELECT 1\")", &[2]);
        check("crates/store/src/a.rs", "q(r#\"\nselect 1\n WHERE a\"#); const WHERE: u8 = 1;", &[3]);
        check("crates/feed/src/a.rs", "q(\"SELECT 1\")", &[]);
    }
}
