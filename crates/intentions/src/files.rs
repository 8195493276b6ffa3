//! Files that are to go along with messages. Their bytes are received before anything is written, so they are no
//! intention; whoever sends them is judged before the first byte, and again with what is written.
//!
//! The order, and what a crash between any two steps leaves:
//!
//! 1. received and synced (`content`): a draft, which is swept;
//! 2. the content's lock is taken: nobody deletes that content until the end of the transaction;
//! 3. the content is put to its place, or found there, and the directory synced: one that no file names, which upkeep
//!    deletes;
//! 4. the file's row and the entry of the log are written, and committed: all of it.
//!
//! So each file that is committed has its content on the disk. Upkeep (`engine`) deletes under the same lock what no
//! file names. A transaction is held while a file is renamed and directories are synced: should that take longer than
//! the database bears with an idle transaction, nothing is committed.

use crate::authorise::{self, Rights};
use crate::carry_out::{Stop, commit, give_back, take_key};
use crate::{Context, Intentions};
use content::Whole;
use domain::access::Level;
use domain::audit::AuditSubject;
use domain::limits::{FILES_UNSENT_PER_PERSON_MAX, TRANSACTION_ATTEMPTS_MAX};
use domain::message::FileRef;
use domain::node::NodeKind;
use domain::{Actor, Refusal};
use serde_json::{Value, json};
use sqlx::PgConnection;
use store::audit::NewEntry;
use uuid::Uuid;

/// What is known of a file besides its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    pub channel_id: Uuid,
    pub name: String,
    pub media_type: String,
}

/// What became of an upload.
#[derive(Debug)]
pub enum FileKept {
    /// It is kept now; the rendered answer.
    Now { file: FileRef, response: Value },
    /// It was kept before, under the same key; the answer it got then.
    Before { status: u16, response: Value },
}

const CREATED: u16 = 201;
const NO_CHANNEL: Refusal = Refusal::NotFound { what: "channel" };

impl Intentions {
    /// Whether somebody may send a file to a channel now: asked before anything of it is received.
    pub async fn may_keep_file(&self, actor: &Actor, channel_id: Uuid) -> Result<(), Refusal> {
        authorise::writer(actor)?;
        let asked = async {
            let mut tx = store::begin(&self.pool).await?;
            judge(&mut tx, actor, channel_id).await.map(drop)
        };
        asked.await.map_err(refusal_of)
    }

    /// Keeps a file, to be sent along with a message. `render` makes the answer, which is stored with it when there is
    /// an idempotency key.
    pub async fn keep_file(
        &self,
        actor: &Actor,
        new: &NewFile,
        content: &mut Whole,
        context: &Context,
        render: impl Fn(&FileRef) -> Value + Send,
    ) -> Result<FileKept, Refusal> {
        authorise::writer(actor)?;
        if let Some((status, response)) = take_key(self, context).await? {
            return Ok(FileKept::Before { status, response });
        }
        let mut attempt = 1;
        let kept = loop {
            match self.keep_once(actor, new, content, context, &render).await {
                Err(Stop::Database(error)) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                other => break other.map_err(refusal_of),
            }
        };
        if kept.is_err() {
            give_back(self, context.idempotency.as_ref()).await;
        }
        kept
    }

    async fn keep_once(
        &self,
        actor: &Actor,
        new: &NewFile,
        content: &mut Whole,
        context: &Context,
        render: &(impl Fn(&FileRef) -> Value + Send),
    ) -> Result<FileKept, Stop> {
        let NewFile { channel_id, name, media_type } = new;
        let size_bytes = i64::try_from(content.size_bytes()).unwrap_or(i64::MAX);
        let file = FileRef { id: Uuid::now_v7(), name: name.clone(), media_type: media_type.clone(), size_bytes };
        let digest = content.digest().to_string();
        let mut tx = store::begin(&self.pool).await?;
        if let Some(person_id) = actor.person_id() {
            store::file::lock_uploader(&mut *tx, person_id).await?;
        }
        let subject = judge(&mut tx, actor, *channel_id).await?;
        store::file::lock_content(&mut *tx, &digest).await?;
        content.put().await.map_err(unkept)?;
        let row = store::file::NewFile {
            id: file.id,
            channel_id: *channel_id,
            digest: &digest,
            size_bytes,
            media_type,
            name,
            created_by: actor.person_id(),
        };
        store::file::insert_file(&mut *tx, row).await?;
        record(&mut tx, actor, &subject, &file, context).await?;
        let response = render(&file);
        commit(tx, context, CREATED, &response).await?;
        Ok(FileKept::Now { file, response })
    }
}

/// The channel, held where it is, if the actor may send files to it.
async fn judge(db: &mut PgConnection, actor: &Actor, channel_id: Uuid) -> Result<AuditSubject, Stop> {
    let (kind, scope_id) = store::node::lock_parent(&mut *db, channel_id).await?.ok_or(NO_CHANNEL)?;
    let rights = Rights::of(db, actor, scope_id).await?;
    rights.need(Level::Reader, "channel")?;
    if kind != NodeKind::Channel {
        return Err(NO_CHANNEL.into());
    }
    rights.need(Level::Member, "channel")?;
    if let Some(person_id) = actor.person_id()
        && store::file::count_unsent(&mut *db, person_id).await? >= FILES_UNSENT_PER_PERSON_MAX
    {
        let detail =
            format!("{FILES_UNSENT_PER_PERSON_MAX} files wait to be sent along with a message: send them, or wait a day");
        return Err(Refusal::Limit { detail, retry_after_s: None }.into());
    }
    let titles = store::node::list_titles(&mut *db, &[channel_id]).await?;
    let title = titles.into_iter().next().map(|(_, title)| title);
    Ok(AuditSubject { node_id: Some(channel_id), edge_id: None, scope_id, other_scope_id: scope_id, kind: Some(kind), title })
}

async fn record(
    db: &mut PgConnection,
    actor: &Actor,
    subject: &AuditSubject,
    file: &FileRef,
    context: &Context,
) -> Result<(), sqlx::Error> {
    // Not its name: it may be deleted, the log stays.
    let FileRef { id, media_type, size_bytes, .. } = file;
    let told = json!({ "id": id, "media_type": media_type, "size_bytes": size_bytes });
    let summary = json!({ "kind": subject.kind, "title": subject.title, "file": told });
    let actor_title = if let Actor::Person { title, .. } = actor { Some(title.as_str()) } else { None };
    let entry = NewEntry {
        id: Uuid::now_v7(),
        actor_id: actor.person_id(),
        actor_title,
        action: "upload_file",
        subject,
        summary: &summary,
        request_id: context.request_id.as_deref(),
    };
    store::audit::insert_entry(db, entry).await
}

fn refusal_of(stop: Stop) -> Refusal {
    match stop {
        Stop::Refused(refusal) => refusal,
        Stop::Database(error) => store::refusal(error),
    }
}

/// What the disk said goes to the log alone.
fn unkept(error: content::Error) -> Refusal {
    Refusal::Unavailable {
        detail: "the server can't keep files now; nothing was changed, try again",
        source: Some(Box::new(error)),
    }
}
