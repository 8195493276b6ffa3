//! Where files that go along with messages are.

use super::Finding;
use super::machine::{FREE_FAIL_BYTES, FREE_WARN_BYTES, gib, nearest};
use crate::config::{Config, Role};
use content::{Error, Folder};
use store::Pool;
use store::instance::Instance;

const NAME: &str = "files";

/// Whether they can be written, and how much room there is.
pub(super) fn room(config: &Config) -> Finding {
    let dir = &config.files.dir;
    let Some(there) = nearest(dir) else {
        return Finding::fail(
            NAME,
            format!("{} can't be found", dir.display()),
            "Set SYNOPS_FILES_DIR to a folder of this machine.",
        );
    };
    // Before the first one: the directory it will be made in.
    if let Err(error) = rustix::fs::access(&there, rustix::fs::Access::WRITE_OK) {
        return Finding::fail(
            NAME,
            format!("{} can't be written: {error}", there.display()),
            "Make it the own of the user that the server runs as, or set SYNOPS_FILES_DIR to another: nothing can be uploaded.",
        );
    }
    let stat = match rustix::fs::statvfs(&there) {
        Ok(stat) => stat,
        Err(error) => return Finding::warn(NAME, format!("{}: {error}", there.display()), "Look at the disk by hand: `df -h`."),
    };
    let (free, total) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let detail = format!("in {}: {} of {} free", dir.display(), gib(free), gib(total));
    let advice =
        "Free some space, or move the folder to a larger disk (SYNOPS_FILES_DIR): nothing can be uploaded when it is full.";
    match free {
        free if free < FREE_FAIL_BYTES => Finding::fail(NAME, detail, advice),
        free if free < FREE_WARN_BYTES => Finding::warn(NAME, detail, advice),
        _ => Finding::ok(NAME, detail),
    }
}

/// Whether the folder is this database's; nothing where all is well.
pub(super) async fn owner(pool: &Pool, config: &Config) -> Result<Option<Finding>, store::Error> {
    let folder = Folder::new(&config.files.dir, store::database::find_identity(pool).await?);
    let name = "owner of files";
    Ok(match folder.is_own().await {
        Ok(_) => None,
        Err(Error::Foreign(path)) => Some(Finding::warn(
            name,
            format!("{} says that the folder belongs to another database: nothing in it is ever deleted", path.display()),
            "If this database was restored from a dump, or upgraded, and the folder is its own: delete that file. If another \
             installation uses it: set SYNOPS_FILES_DIR to a folder that only this one has, since the other deletes what it does not know.",
        )),
        Err(error) => Some(Finding::warn(name, error.to_string(), "Look at the folder by hand.")),
    })
}

/// Several servers that each have files of their own; nothing where all is well.
pub(super) fn sharing(config: &Config, alive: &[Instance]) -> Option<Finding> {
    let serve = alive.iter().filter(|instance| instance.roles.iter().any(|role| role == Role::Gateway.name())).count();
    (serve > 1 && config.files.dir.starts_with(&config.data_dir)).then(|| {
        Finding::warn(
            "shared files",
            format!("{serve} servers hand out files, and {} is in the data directory of one", config.files.dir.display()),
            "Set SYNOPS_FILES_DIR to a folder that all servers share, and move there what each has: a file that was uploaded to one \
             server can't be read at another.",
        )
    })
}
