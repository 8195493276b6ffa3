//! The key that secrets are kept with: from the configuration, or, where the private PostgreSQL is in the data
//! directory anyway, made once in a file beside it.

use crate::config::Config;
use crate::exit::Misconfigured;
use keyring::Keyring;
use secrecy::{ExposeSecret, SecretString};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "secret-key";

/// The keys, the newest first; `None` where there is none: then nothing secret can be kept.
pub(crate) fn keyring(config: &Config) -> anyhow::Result<Option<Keyring>> {
    let newest = match (&config.secrets.key, &config.database_url) {
        (Some(key), _) => key.clone(),
        (None, None) => find_or_make(&config.data_dir)?,
        (None, Some(_)) if config.secrets.old_keys.is_empty() => return Ok(None),
        (None, Some(_)) => return Err(Misconfigured("`secrets.old_keys` is set, and `secrets.key` is not".to_owned()).into()),
    };
    let told = |error| Misconfigured(format!("`secrets.key` or `secrets.old_keys`: {error}"));
    Ok(Some(Keyring::new(&newest, &config.secrets.old_keys).map_err(told)?))
}

fn find_or_make(data_dir: &Path) -> anyhow::Result<SecretString> {
    let path = data_dir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().into()),
        // Empty: whoever made it was cut off, and has sealed nothing with it.
        Ok(_) => fs::remove_file(&path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => anyhow::bail!("{}: {error}", path.display()),
    }
    fs::create_dir_all(data_dir)?;
    let key = Keyring::generate()?;
    let mut file = match File::options().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => file,
        // Another process was first: its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(fs::read_to_string(&path)?.trim().into()),
        Err(error) => anyhow::bail!("{}: {error}", path.display()),
    };
    writeln!(file, "{}", key.expose_secret())?;
    file.sync_all()?;
    File::open(data_dir)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_for_nobody_else_to_read() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let first = find_or_make(&data).unwrap();
        assert_eq!(find_or_make(&data).unwrap().expose_secret(), first.expose_secret());
        let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Keyring::new(&first, &[]).unwrap();
        // Cut off while it was made.
        fs::write(data.join(FILE), "").unwrap();
        assert_ne!(find_or_make(&data).unwrap().expose_secret(), first.expose_secret());
    }
}
