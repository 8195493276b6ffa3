//! The database decides: what it refuses is turned into a refusal here, once.

use domain::Refusal;
use std::sync::Arc;

pub type Error = sqlx::Error;

/// What a database error means to the caller. Its own text never gets out: it goes to the log, as
/// the refusal's source.
pub fn refusal(error: Error) -> Refusal {
    refusal_of_shared(Arc::new(error))
}

/// The same for one of several who wait for the same answer.
pub fn refusal_of_shared(error: Arc<Error>) -> Refusal {
    let Some(database) = error.as_database_error() else {
        return match &*error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) => {
                Refusal::Unavailable { detail: UNREACHABLE, source: Some(Box::new(error)) }
            }
            // The connection broke off in the middle of something: its start, even.
            sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed | sqlx::Error::WorkerCrashed => {
                Refusal::Unavailable { detail: UNREACHABLE, source: Some(Box::new(error)) }
            }
            sqlx::Error::RowNotFound => Refusal::NotFound { what: "thing" },
            _ => Refusal::Internal { source: Box::new(error) },
        };
    };
    if let Some(known) = database.constraint().and_then(by_constraint) {
        return known;
    }
    match database.code().as_deref() {
        // Shutting down, starting up, too many connections, connection lost or ended for being idle.
        Some("57P01" | "57P02" | "57P03" | "53300" | "08000" | "08003" | "08006" | "25P03") => {
            Refusal::Unavailable { detail: UNREACHABLE, source: Some(Box::new(error)) }
        }
        // Statement or lock time-out, deadlock or serialisation failure that kept coming back.
        Some("57014" | "55P03" | "40P01" | "40001") => Refusal::Unavailable {
            detail: "the database is too busy; nothing was changed, try again",
            source: Some(Box::new(error)),
        },
        // A text that PostgreSQL can't keep.
        Some("22021" | "22P05") => Refusal::invalid("body", "text without NUL characters"),
        _ => Refusal::Internal { source: Box::new(error) },
    }
}

const UNREACHABLE: &str = "the database does not answer; nothing was changed, try again";

fn by_constraint(name: &str) -> Option<Refusal> {
    Some(match name {
        "nodes_pkey" | "edges_pkey" => Refusal::conflict("there is one with this id already"),
        "edges_once" => Refusal::conflict("these two are linked like this already"),
        "edges_one_parent" => Refusal::conflict("it is part of something already: move it instead"),
        "edges_source_id_fkey" => Refusal::NotFound { what: "source node" },
        "edges_target_id_fkey" => Refusal::NotFound { what: "target node" },
        "edges_part_of_acyclic" => Refusal::conflict("it would become part of itself"),
        "edges_part_of_depth" => Refusal::conflict("nesting is bounded to 32 levels"),
        "edges_ends_allowed" => Refusal::invalid("kind", "an edge kind that may join these two kinds of node"),
        "edges_not_to_itself" => Refusal::invalid("target_id", "another node than the source"),
        "nodes_placed" => Refusal::conflict("a node is part of something: move it instead"),
        "nodes_instance_kept" => Refusal::conflict("the instance itself cannot be deleted"),
        "nodes_one_instance" => Refusal::conflict("there is one instance, and there it is"),
        "scopes_workspace_kept" => Refusal::conflict("a workspace always has access of its own"),
        "people_login_once" => Refusal::conflict("somebody has this login already"),
        "people_login_form" => Refusal::invalid("login", "1 to 64 lower-case letters, digits or ._@+-"),
        "people_email_form" => Refusal::invalid("email", "an address like name@example.org"),
        "job_schedules_name_key" => Refusal::conflict("there is a schedule with this name already"),
        "nodes_title_length" => Refusal::invalid("title", "1 to 200 characters"),
        "nodes_body_length" => Refusal::invalid("body", "at most 65536 bytes"),
        "nodes_attrs_length" | "edges_attrs_length" => Refusal::invalid("attrs", "a JSON object of at most 16384 bytes"),
        "edges_depends_on_acyclic" => Refusal::conflict("it would depend on itself, by way of others"),
        "edges_impact_known" => Refusal::invalid("attrs.impact", "one of informational, degraded, critical"),
        "devices_imei_once" => Refusal::conflict("there is a device with this IMEI already"),
        "devices_imei_form" => Refusal::invalid("imei", "15 digits"),
        "contacts_email_form" => Refusal::invalid("email", "an address like name@example.org"),
        "views_filter_object" => Refusal::invalid("view", "less text"),
        "systems_links_array" | "incidents_links_array" => Refusal::invalid("links", "less text"),
        "incidents_moves_allowed" => Refusal::conflict("its state can't become that any more"),
        "incidents_one_by_cause" => Refusal::conflict("another incident of the same cause is open already"),
        "subscriptions_once" => Refusal::conflict("there is a subscription like this already"),
        "announcements_ends_later" => Refusal::invalid("ends_at", "later than starts_at"),
        "announcements_times_finite" => Refusal::invalid("starts_at", "a time from 2000 to 9000"),
        "connections_texts_length" => Refusal::invalid("host", "less text"),
        "maintenances_one_of_synops" => {
            Refusal::conflict("another maintenance of Synops itself overlaps this window: move one of them, or cancel it")
        }
        "maintenances_moves_allowed" => Refusal::conflict("its state can't become that any more"),
        "maintenances_closed_first" => Refusal::conflict("a maintenance in it is under way: close it first"),
        "maintenances_window_length" => Refusal::invalid("ends_at", "1 minute to 30 days after starts_at"),
        "maintenances_window_finite" => Refusal::invalid("starts_at", "a time from 2000 to 9000"),
        "maintenances_links_array" => Refusal::invalid("links", "less text"),
        "channels_beside_once" => Refusal::conflict("it has a channel already"),
        "edges_stay" => Refusal::invalid("parent_id", "where it is: messages, columns and cards stay where they were made"),
        "cards_column" => Refusal::conflict("cards are in it: move or delete them first"),
        "board_columns_order_once" | "cards_order_once" => {
            Refusal::conflict("somebody moved something there meanwhile; try again")
        }
        "status_pages_slug_once" => Refusal::conflict("another page has this slug already"),
        "status_pages_slug_form" => Refusal::invalid("slug", "1 to 64 of a-z, 0-9 and -"),
        _ => return None,
    })
}

/// A deadlock or serialisation failure: nothing happened, and the same again may well succeed.
pub fn may_retry(error: &Error) -> bool {
    matches!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("40P01" | "40001"))
}

/// What was to be made is there already.
pub fn is_there_already(error: &Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// A value that the database does not take, now or later: of what was given something is wrong.
pub fn is_refusal_of_data(error: &Error) -> bool {
    error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_breaks_off_is_no_fault_of_ours() {
        let away = [
            Error::PoolTimedOut,
            Error::Io(std::io::ErrorKind::ConnectionReset.into()),
            // Of a server that ended while it was being connected to.
            Error::Protocol("unexpected response from SSLRequest: 0x00".to_owned()),
            Error::BeginFailed,
        ];
        for error in away {
            let text = error.to_string();
            assert!(matches!(refusal(error), Refusal::Unavailable { .. }), "{text}");
        }
        assert!(matches!(refusal(Error::ColumnNotFound("a".to_owned())), Refusal::Internal { .. }));
    }
}
