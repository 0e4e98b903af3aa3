//! The one secret from which all keys are derived. It lies beside the store and not in it: a copy of the store alone
//! gives nobody a token or the secret of an API key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use super::mac::MacKey;
use super::random::random;

/// The name of the file in the data directory.
const FILE: &str = "identity.secret";
const LENGTH: usize = 32;

/// What can be wrong with the file of the secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// It cannot be read or written.
    #[error("cannot use the file {FILE}: {0}")]
    Io(#[from] io::Error),
    /// It holds something else.
    #[error("the file {FILE} does not hold {LENGTH} bytes")]
    Length,
}

/// Reads the secret, or makes one where there is none.
pub(crate) fn read_or_create(directory: &Path) -> Result<MacKey, SecretFileError> {
    let path = directory.join(FILE);
    match File::open(&path) {
        Ok(file) => read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(directory, &path),
        Err(error) => Err(error.into()),
    }
}

fn read(file: File) -> Result<MacKey, SecretFileError> {
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    file.take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() != LENGTH {
        return Err(SecretFileError::Length);
    }
    Ok(MacKey::new(&bytes))
}

/// The file is whole before it has its name, so that a crash leaves a secret or none.
fn create(directory: &Path, path: &Path) -> Result<MacKey, SecretFileError> {
    let bytes = random::<LENGTH>();
    let half_done = directory.join("identity.secret.new");
    match fs::remove_file(&half_done) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&half_done)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&half_done, path)?;
    File::open(directory)?.sync_all()?;
    Ok(MacKey::new(&bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FILE, SecretFileError, read_or_create};

    #[test]
    fn the_secret_is_made_once_and_only_its_owner_can_read_it() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let first = read_or_create(directory.path()).expect("the secret is made");
        let second = read_or_create(directory.path()).expect("the secret is read");
        assert_eq!(first.sign(&[b"x"]), second.sign(&[b"x"]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = fs::metadata(directory.path().join(FILE)).expect("the file is there");
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn two_directories_have_two_secrets() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary directory"));
        let sign = |path| read_or_create(path).expect("the secret is made").sign(&[b"x"]);
        assert_ne!(sign(one.path()), sign(other.path()));
    }

    #[test]
    fn a_file_of_another_length_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for wrong in [&[0_u8; 31][..], &[0; 33], &[]] {
            fs::write(directory.path().join(FILE), wrong).expect("the file is written");
            let refused = read_or_create(directory.path());
            assert!(matches!(refused, Err(SecretFileError::Length)), "{refused:?}");
            assert_eq!(fs::read(directory.path().join(FILE)).expect("still there"), wrong);
        }
    }
}
