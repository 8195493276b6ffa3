//! The section `[files]`: what goes along with messages.

use super::{Error, Getter};
use domain::file::media_type_of;
use domain::limits::FILE_TYPES_MAX;
use std::path::{Path, PathBuf};
use toml::Value;

const DIR: &str = "files.dir";
const MAX_BYTES: &str = "files.max_bytes";
const TYPES: &str = "files.types";
/// Below it nobody has set a folder: it is in the data directory.
const FOLDER: &str = "files";

#[derive(Clone, Debug)]
pub struct Files {
    pub dir: PathBuf,
    /// Of one file.
    pub max_bytes: u64,
    /// Media types, by their usual names.
    pub types: Vec<String>,
}

pub(super) fn read(get: &Getter<'_>, data_dir: &Path) -> Result<Files, Error> {
    let dir = get.find(DIR).and_then(Value::as_str).map_or_else(|| data_dir.join(FOLDER), PathBuf::from);
    let wrong = || get.wrong(TYPES, &format!("at most {FILE_TYPES_MAX} media types, like \"image/png\","));
    let types: Vec<String> = get.list(TYPES)?.iter().map(|text| media_type_of(text)).collect::<Option<_>>().ok_or_else(wrong)?;
    if types.len() > FILE_TYPES_MAX {
        return Err(wrong());
    }
    Ok(Files { dir, max_bytes: get.number(MAX_BYTES, 1, u32::MAX)?.into(), types })
}
