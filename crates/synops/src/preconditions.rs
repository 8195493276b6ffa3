//! What must hold of a database before the server works on it, and what to do when it doesn't.

use crate::exit::Misconfigured;
use store::Pool;
use store::database::Facts;
use store::migrate::{Level, POSTGRES_MIN};
use store::privilege::DdlRight;

/// Refuses a database that the server must not, or can't, work on.
pub(crate) async fn check(pool: &Pool) -> anyhow::Result<()> {
    let facts = store::database::find_facts(pool).await?;
    let rights = store::privilege::list_ddl_rights(pool).await?;
    let level = store::migrate::level(pool).await?;
    let missing_grants = store::privilege::list_missing_grants(pool).await?;
    let problems = [
        server_problem(&facts),
        rights_problem(&facts, &rights),
        level_problem(level),
        (level == Level::Current).then(|| grants_problem(&facts, &missing_grants)).flatten(),
    ];
    match problems.into_iter().flatten().next() {
        None => Ok(()),
        Some(problem) => Err(Misconfigured(format!("{}\n\n{}", problem.what, problem.advice)).into()),
    }
}

/// Something wrong, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) what: String,
    pub(crate) advice: String,
}

pub(crate) fn server_problem(facts: &Facts) -> Option<Problem> {
    if facts.version_num < POSTGRES_MIN {
        let what = format!("PostgreSQL {} is too old: 15 or newer is needed.", facts.version);
        return Some(Problem {
            what,
            advice: "Point DATABASE_URL to a newer server, or upgrade this one with pg_upgrade.".to_owned(),
        });
    }
    facts.in_recovery.then(|| Problem {
        what: "DATABASE_URL leads to a standby, which takes no writes.".to_owned(),
        advice: "Point DATABASE_URL to the primary.".to_owned(),
    })
}

pub(crate) fn level_problem(level: Level) -> Option<Problem> {
    let migrate = "Run, with the login that owns the schema (the server itself never changes it):\n\n    \
                   SYNOPS_OWNER_URL='postgres://OWNER:PASSWORD@HOST/DATABASE' synops migrate";
    let (what, advice) = match level {
        Level::Current => return None,
        Level::Empty => ("The database has no schema yet.".to_owned(), migrate),
        Level::Behind { missing } => {
            (format!("The schema is older than this program: {missing} migrations are missing."), migrate)
        }
        Level::Ahead { unknown } => (
            format!("The schema is newer than this program: it has {unknown} migrations that this program does not know."),
            "Run the newer program. Migrations go forward only.",
        ),
    };
    Some(Problem { what, advice: advice.to_owned() })
}

/// The server works with rows alone: a login that could change the schema is refused.
pub(crate) fn rights_problem(facts: &Facts, rights: &[DdlRight]) -> Option<Problem> {
    if rights.is_empty() {
        return None;
    }
    let login = quote(&facts.login);
    let owned: Vec<&str> =
        rights.iter().filter_map(|r| if let DdlRight::Owner { role } = r { Some(role.as_str()) } else { None }).collect();
    let (why, advice) = if rights.contains(&DdlRight::Superuser) {
        ("it is a superuser", another_login())
    } else if owned.contains(&facts.login.as_str()) {
        ("it owns the database or things in it", another_login())
    } else {
        let why = match rights.first() {
            Some(DdlRight::Owner { .. }) => "it is a member of the owner's role",
            Some(DdlRight::CreateRole) => "it may make roles, and itself a member of the owner's",
            Some(DdlRight::Trigger { .. }) => "it may put triggers on tables",
            _ => "it may create things",
        };
        (why, format!("Take that from it, as the owner or a superuser:\n\n{}", revokes(facts, rights)))
    };
    let what = format!(
        "The login {login} of DATABASE_URL may change the schema ({why}). The server works with rows alone and refuses such a login."
    );
    Some(Problem { what, advice })
}

fn another_login() -> String {
    "Keep that login for migrations and give the server one of its own:\n\n    \
     SYNOPS_OWNER_URL='postgres://OWNER:PASSWORD@HOST/DATABASE' \\\n    \
     DATABASE_URL='postgres://synops_server:ANOTHER-PASSWORD@HOST/DATABASE' synops migrate\n\n\
     This makes the role synops_server if the owner may make roles. Otherwise make it first, as a superuser:\n\n    \
     create role synops_server login password 'ANOTHER-PASSWORD';\n\n\
     Then start the server with that DATABASE_URL."
        .to_owned()
}

fn revokes(facts: &Facts, rights: &[DdlRight]) -> String {
    let (login, database) = (quote(&facts.login), quote(&facts.database));
    let mut lines: Vec<String> = rights
        .iter()
        .map(|right| match right {
            DdlRight::Superuser => format!("alter role {login} nosuperuser;"),
            DdlRight::CreateRole => format!("alter role {login} nocreaterole;"),
            DdlRight::CreateInSchema => format!("revoke create on schema public from public, {login};"),
            DdlRight::CreateInDatabase => format!("revoke create on database {database} from public, {login};"),
            DdlRight::Owner { role } => format!("revoke {} from {login};", quote(role)),
            DdlRight::Trigger { .. } => format!("revoke trigger on all tables in schema public from public, {login};"),
        })
        .collect();
    lines.dedup();
    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

pub(crate) fn grants_problem(facts: &Facts, missing: &[String]) -> Option<Problem> {
    let first = missing.first()?;
    Some(Problem {
        what: format!(
            "The login {} of DATABASE_URL may not use the table {first} ({} tables in all).",
            quote(&facts.login),
            missing.len()
        ),
        advice: "Grant it the rows, with the login that owns the schema:\n\n    \
                 SYNOPS_OWNER_URL='postgres://OWNER:PASSWORD@HOST/DATABASE' DATABASE_URL=… synops migrate"
            .to_owned(),
    })
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
