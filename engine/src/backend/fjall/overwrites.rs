//! When a keyspace's memtable holds many versions of few keys.
//!
//! fjall keeps every version of a key until its memtable is written out, which happens by size alone. A read of one key finds the
//! latest version at once, but a range walks over all of them: a counter of a few bytes can be written half a million times
//! before that. So the versions are counted against the keys, and a memtable of mostly outdated versions is written out
//! early, which drops them.

use xxhash_rust::xxh3::xxh3_64;

/// Fewer versions than this are not worth a file.
const MIN_VERSIONS: u64 = 16 << 10;
/// How many versions of a key on average are too many.
const VERSIONS_OF_A_KEY: u64 = 3;
/// fjall itself writes out what is larger than this.
const MEMTABLE_BYTES: u64 = 64 << 20;
/// Keys are counted by the bits that their hashes set: few bits, as more keys than bits are no reason to write out early.
const BITS: usize = 1 << 16;

/// What was written to a keyspace since its memtable was last written out, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Overwrites {
    versions: u64,
    bytes: u64,
    /// Made when something is written.
    bits: Vec<u64>,
    set: usize,
}

impl Overwrites {
    /// Counts a version of a key.
    pub(super) fn count(&mut self, key: &[u8], bytes: usize) {
        self.versions += 1;
        self.bytes += bytes as u64;
        if self.bytes > MEMTABLE_BYTES {
            *self = Overwrites::default();
        }
        if self.bits.is_empty() {
            self.bits = vec![0; BITS / 64];
        }
        let bit = xxh3_64(key) as usize % BITS;
        if let Some(word) = self.bits.get_mut(bit / 64) {
            let mask = 1 << (bit % 64);
            self.set += usize::from(*word & mask == 0);
            *word |= mask;
        }
    }

    /// Whether it is time to write the memtable out. If so, counting begins anew.
    pub(super) fn are_too_many(&mut self) -> bool {
        let are_too_many = self.versions >= MIN_VERSIONS && self.versions > VERSIONS_OF_A_KEY * self.keys();
        if are_too_many {
            *self = Overwrites::default();
        }
        are_too_many
    }

    /// About how many keys there are. Where nearly all bits are set there are more than can be told.
    fn keys(&self) -> u64 {
        let unset = BITS - self.set;
        if unset < BITS / 20 {
            return u64::MAX / VERSIONS_OF_A_KEY;
        }
        ((BITS as f64) * (BITS as f64 / unset as f64).ln()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many versions it is time, if so many keys are written in turn.
    fn versions(keys: u64, most: u64) -> Option<u64> {
        let mut overwrites = Overwrites::default();
        (1..=most).find(|version| {
            overwrites.count(&(version % keys).to_be_bytes(), 100);
            overwrites.are_too_many()
        })
    }

    #[test]
    fn a_memtable_is_written_out_once_it_is_mostly_outdated() {
        assert_eq!(versions(1, 1_000_000), Some(MIN_VERSIONS));
        assert_eq!(versions(1000, 1_000_000), Some(MIN_VERSIONS));
        let of_many = versions(20_000, 1_000_000).unwrap();
        assert!((58_000..62_000).contains(&of_many), "{of_many}");
        assert_eq!(versions(1_000_000, 2_000_000), None);
        assert_eq!(versions(20_000, 50_000), None);
    }
}
