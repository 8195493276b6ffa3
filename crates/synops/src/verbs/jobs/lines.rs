//! Jobs as the command line shows them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::fmt::Write;
use store::job::{Job, PastJob};

/// Of an error so much stands in a line.
const ERROR_MAX_CHARS: usize = 60;

pub(super) fn job(job: &Job) -> Value {
    json!({
        "id": job.id, "kind": job.kind, "class": job.class, "state": job.state, "priority": job.priority, "run_at": job.run_at,
        "unique_key": job.unique_key, "attempt": job.attempt, "attempts_max": job.attempts_max, "worker_id": job.worker_id,
        "started_at": job.started_at, "progress": job.progress, "message": job.message,
        "cancel_requested_at": job.cancel_requested_at, "error": job.error, "created_at": job.created_at,
        "created_by": job.created_by,
    })
}

pub(super) fn past_job(job: &PastJob) -> Value {
    json!({
        "id": job.id, "kind": job.kind, "class": job.class, "state": job.outcome, "priority": job.priority, "run_at": job.run_at,
        "attempt": job.attempt, "worker_id": job.worker_id, "started_at": job.started_at, "ended_at": job.at, "error": job.error,
        "created_at": job.created_at, "created_by": job.created_by,
    })
}

pub(super) fn job_cells(job: &Job) -> Vec<String> {
    let state = if job.cancel_requested_at.is_some() { "cancelling" } else { &job.state };
    let progress = job.progress.map(|done| format!("{:.0} %", done * 100.0)).unwrap_or_default();
    vec![
        job.id.to_string(),
        job.kind.clone(),
        state.to_owned(),
        moment(job.run_at),
        format!("{}/{}", job.attempt, job.attempts_max),
        progress,
        short(job.error.as_deref()),
    ]
}

pub(super) fn past_job_cells(job: &PastJob) -> Vec<String> {
    let error = short(job.error.as_deref());
    vec![job.id.to_string(), job.kind.clone(), job.outcome.clone(), moment(job.at), job.attempt.to_string(), error]
}

pub(in crate::verbs) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The beginning of a text, in one line.
pub(in crate::verbs) fn short(text: Option<&str>) -> String {
    let line: String = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(ERROR_MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Columns as wide as they need to be; only a head when there are no rows.
pub(in crate::verbs) fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|name| name.to_uppercase()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// One fact a line; what is not known is left out.
pub(in crate::verbs) fn facts(of: &Value) -> String {
    let mut text = String::new();
    let Value::Object(fields) = of else { return text };
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let _ = match value {
            Value::String(value) => writeln!(text, "{name:20} {value}"),
            value => writeln!(text, "{name:20} {value}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["æøå", "1"], ["a", "22"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&["x", "y"], rows.into_iter()), "X    Y\næøå  1\na    22\n");
        assert_eq!(table(&["x"], std::iter::empty()), "X\n");
    }

    #[test]
    fn a_long_error_is_one_short_line() {
        assert_eq!(short(Some("a\n  b")), "a b");
        assert_eq!(short(Some(&"ø".repeat(100))).chars().count(), ERROR_MAX_CHARS + 1);
        assert_eq!(short(None), "");
    }
}
