//! A directory in the place of S3: a bucket is a directory in it, an object a file, and its key the path of the file below the
//! bucket. Whatever a client calls a bucket or a key, nothing outside of the directory is read or written: names are checked
//! part by part, and links are not followed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The most objects that one import may have.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Validation.html>
const MAX_OBJECTS: usize = 50_000;
/// How deep directories are looked into.
const MAX_DEPTH: usize = 64;

/// All buckets, if there is a directory for them.
#[derive(Clone, Debug)]
pub(crate) struct Buckets(Option<Arc<Path>>);

/// A bucket that was there when it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Bucket(PathBuf);

/// Why there is no bucket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoBucket {
    /// The server was started without a directory for them.
    NoDirectory,
    /// There is none of that name.
    NoSuchBucket,
}

impl Buckets {
    pub(crate) fn new(directory: Option<PathBuf>) -> Buckets {
        Buckets(directory.map(Arc::from))
    }

    /// Whether there can be buckets at all.
    pub(crate) fn has_directory(&self) -> bool {
        self.0.is_some()
    }

    /// The bucket of that name.
    pub(crate) fn find(&self, name: &str) -> Result<Bucket, NoBucket> {
        let directory = self.0.as_ref().ok_or(NoBucket::NoDirectory)?;
        if !is_part(name) {
            return Err(NoBucket::NoSuchBucket);
        }
        let path = directory.join(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(Bucket(path)),
            _ => Err(NoBucket::NoSuchBucket),
        }
    }
}

/// Whether a name can be that of a file or a directory, and of no other one than it says.
fn is_part(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && name.len() <= 255 && !name.contains(['/', '\\', '\0', ':'])
}

/// Whether a key can be that of an object here.
pub(crate) fn is_key(key: &str) -> bool {
    key.split('/').all(is_part)
}

impl Bucket {
    fn path(&self, key: &str) -> io::Result<PathBuf> {
        if !is_key(key) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{key:?} cannot be the path of a file")));
        }
        Ok(self.0.join(key))
    }

    /// Begins an object, which must not be there yet.
    pub(crate) fn create(&self, key: &str) -> io::Result<File> {
        let path = self.path(key)?;
        // What is a link on the way there leads somewhere else.
        let mut parent = self.0.clone();
        for part in key.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev() {
            parent.push(part);
            match fs::symlink_metadata(&parent) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{part:?} is no directory"))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&parent)?,
                Err(error) => return Err(error),
            }
        }
        File::options().write(true).create_new(true).open(path)
    }

    /// Makes sure that an object that was written stays: its file, and the directories it is found by.
    pub(crate) fn sync(&self, key: &str, file: &File) -> io::Result<()> {
        file.sync_all()?;
        let path = self.path(key)?;
        #[cfg(unix)]
        for directory in path.ancestors().skip(1) {
            File::open(directory)?.sync_all()?;
            if directory == self.0 {
                break;
            }
        }
        #[cfg(not(unix))]
        drop(path);
        Ok(())
    }

    /// Reads an object.
    pub(crate) fn open(&self, key: &str) -> io::Result<File> {
        let path = self.path(key)?;
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{key:?} is no file")));
        }
        File::open(path)
    }

    /// The keys that begin so, in order.
    pub(crate) fn keys(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        // All below the last directory that the prefix names.
        let base = prefix.rsplit_once('/').map_or("", |(base, _)| base);
        if !base.is_empty() && !is_key(base) {
            return Ok(found);
        }
        let mut left = vec![(base.to_owned(), 0)];
        while let Some((base, depth)) = left.pop() {
            let entries = match fs::read_dir(self.0.join(&base)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let key = if base.is_empty() { name } else { format!("{base}/{name}") };
                let kind = entry.file_type()?;
                let may_match = key.starts_with(prefix) || prefix.starts_with(&format!("{key}/"));
                if kind.is_dir() && may_match && depth < MAX_DEPTH {
                    left.push((key, depth + 1));
                } else if kind.is_file() && key.starts_with(prefix) {
                    found.push(key);
                }
                if found.len() + left.len() > MAX_OBJECTS {
                    return Err(io::Error::other(format!("there are more than {MAX_OBJECTS} objects")));
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn bucket() -> (tempfile::TempDir, Bucket) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("bucket")).unwrap();
        let bucket = Buckets::new(Some(directory.path().to_owned())).find("bucket").unwrap();
        (directory, bucket)
    }

    #[test]
    fn nothing_outside_of_the_directory_is_a_bucket() {
        let (directory, _) = bucket();
        let buckets = Buckets::new(Some(directory.path().join("bucket")));
        for name in ["", ".", "..", "../bucket", "/", "/tmp", "a/b", "a\\b", "\0", "C:"] {
            assert_eq!(buckets.find(name).unwrap_err(), NoBucket::NoSuchBucket, "{name:?}");
        }
        assert_eq!(Buckets::new(None).find("bucket").unwrap_err(), NoBucket::NoDirectory);
    }

    #[test]
    fn nothing_outside_of_a_bucket_is_an_object() {
        let (directory, bucket) = bucket();
        fs::write(directory.path().join("secret"), "x").unwrap();
        for key in ["", "..", "../secret", "a/../../secret", "/etc/passwd", "a//b", "a/", "a\0b", "a\\b", "./a"] {
            assert!(bucket.create(key).is_err() && bucket.open(key).is_err(), "{key:?}");
        }
        for prefix in ["../", "../s", "/", "a/../../"] {
            assert_eq!(bucket.keys(prefix).unwrap(), Vec::<String>::new(), "{prefix:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (directory, bucket) = bucket();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "x").unwrap();
        let link = |name: &str, to: &Path| {
            std::os::unix::fs::symlink(to, directory.path().join("bucket").join(name)).unwrap();
        };
        link("dir", outside.path());
        link("file", &outside.path().join("secret"));
        assert!(bucket.open("file").is_err() && bucket.create("dir/new").is_err());
        assert_eq!(bucket.keys("").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn keys_are_found_by_their_beginning() {
        let (_directory, bucket) = bucket();
        for key in ["data/b", "data/a/c", "data2/x", "data.bak", "other"] {
            bucket.create(key).unwrap().write_all(b"x").unwrap();
        }
        for (prefix, keys) in [
            ("", &["data.bak", "data/a/c", "data/b", "data2/x", "other"][..]),
            ("data", &["data.bak", "data/a/c", "data/b", "data2/x"]),
            ("data/", &["data/a/c", "data/b"]),
            ("data/a", &["data/a/c"]),
            ("data/a/", &["data/a/c"]),
            ("none/", &[]),
        ] {
            assert_eq!(bucket.keys(prefix).unwrap(), keys, "{prefix}");
        }
        assert!(bucket.create("other").is_err(), "nothing is overwritten");
    }
}
