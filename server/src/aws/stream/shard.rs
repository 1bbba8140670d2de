//! Shards as they are shown.

use millpond::stream::{ChildShard, Shard};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownShard {
    shard_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_shard_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjacent_parent_shard_id: Option<String>,
    hash_key_range: HashKeyRange,
    sequence_number_range: SequenceNumberRange,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct HashKeyRange {
    starting_hash_key: String,
    ending_hash_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SequenceNumberRange {
    starting_sequence_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_sequence_number: Option<String>,
}

impl From<&Shard> for ShownShard {
    fn from(shard: &Shard) -> ShownShard {
        ShownShard {
            shard_id: shard.id.to_string(),
            parent_shard_id: shard.parent.map(|id| id.to_string()),
            adjacent_parent_shard_id: shard.adjacent_parent.map(|id| id.to_string()),
            hash_key_range: (&shard.hash_keys).into(),
            sequence_number_range: SequenceNumberRange {
                starting_sequence_number: shard.starting.to_string(),
                ending_sequence_number: shard.ending.map(|ending| ending.to_string()),
            },
        }
    }
}

impl From<&std::ops::RangeInclusive<u128>> for HashKeyRange {
    fn from(keys: &std::ops::RangeInclusive<u128>) -> HashKeyRange {
        HashKeyRange { starting_hash_key: keys.start().to_string(), ending_hash_key: keys.end().to_string() }
    }
}

/// A shard that a reader goes on with after its parent's end.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownChild {
    shard_id: String,
    parent_shards: Vec<String>,
    hash_key_range: HashKeyRange,
}

impl From<&ChildShard> for ShownChild {
    fn from(child: &ChildShard) -> ShownChild {
        ShownChild {
            shard_id: child.id.to_string(),
            parent_shards: child.parents.iter().map(|id| id.to_string()).collect(),
            hash_key_range: (&child.hash_keys).into(),
        }
    }
}
