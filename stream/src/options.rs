//! What can be chosen of the service.

/// What can be chosen of the service when it is opened.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) throttle: bool,
    pub(crate) shard_limit: u64,
    pub(crate) splits_hot_shards: bool,
    pub(crate) tail_bytes: Option<(usize, usize)>,
}

impl Default for Options {
    fn default() -> Self {
        Options { throttle: false, shard_limit: 10_000, splits_hot_shards: true, tail_bytes: None }
    }
}

impl Options {
    /// Whether what goes beyond the limits of a shard is refused, as in the service: 1 MiB and 1,000 records written a second, five reads
    /// and 2 MiB read a second. Off by default. What joins a caller's transaction is never refused for that.
    #[must_use]
    pub fn throttle(mut self, throttle: bool) -> Self {
        self.throttle = throttle;
        self
    }

    /// How many shards of all streams may be open: 10,000 unless told otherwise.
    #[must_use]
    pub fn shard_limit(mut self, shards: u64) -> Self {
        self.shard_limit = shards;
        self
    }

    /// Whether [`split_hot_shards`](crate::Streams::split_hot_shards) splits the shards of on-demand streams that much is written to. On by default.
    #[must_use]
    pub fn split_hot_shards(mut self, split: bool) -> Self {
        self.splits_hot_shards = split;
        self
    }

    /// How many bytes of fresh records are held in memory for those who follow a shard, and of all shards of the engine together: 16 MiB
    /// and 256 MiB unless told otherwise. Who has fallen behind that reads from the store. It holds for all who have opened this
    /// engine.
    #[must_use]
    pub fn tail_bytes(mut self, of_one_shard: usize, of_all: usize) -> Self {
        self.tail_bytes = Some((of_one_shard, of_all));
        self
    }
}
