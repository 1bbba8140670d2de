use bytes::Bytes;

use crate::{Error, Keyspace, Limits, Result, backend::Op};

/// Changes that depend on no read: they commit without validation.
#[derive(Debug, Default)]
pub struct WriteBatch {
    pub(crate) ops: Vec<Op>,
    pub(crate) keyspaces: Vec<Keyspace>,
    bytes: usize,
}

impl WriteBatch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        WriteBatch::default()
    }

    /// Sets a key. When a key stands in a batch more than once, the last change wins.
    pub fn put(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.push(keyspace, key.into(), Some(value.into()));
    }

    /// Deletes a key.
    pub fn delete(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>) {
        self.push(keyspace, key.into(), None);
    }

    fn push(&mut self, keyspace: &Keyspace, key: Bytes, value: Option<Bytes>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
        if !self.keyspaces.iter().any(|known| known.engine == keyspace.engine && known.id == keyspace.id) {
            self.keyspaces.push(keyspace.clone());
        }
        self.ops.push(Op { keyspace: keyspace.id, key, value });
    }

    /// How many changes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether it holds no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Bytes of its keys and values.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn check(&self, limits: &Limits) -> Result<()> {
        for op in &self.ops {
            check_entry(limits, &op.key, op.value.as_ref())?;
        }
        check_total(limits, self.ops.len(), self.bytes)
    }
}

pub(crate) fn check_entry(limits: &Limits, key: &[u8], value: Option<&Bytes>) -> Result<()> {
    if key.is_empty() {
        return Err(Error::KeyEmpty);
    }
    if key.len() > limits.key_bytes {
        return Err(Error::KeyTooLarge { bytes: key.len(), limit: limits.key_bytes });
    }
    match value {
        Some(value) if value.len() > limits.value_bytes => {
            Err(Error::ValueTooLarge { bytes: value.len(), limit: limits.value_bytes })
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_total(limits: &Limits, operations: usize, bytes: usize) -> Result<()> {
    if operations > limits.transaction_operations || bytes > limits.transaction_bytes {
        return Err(Error::TransactionTooLarge {
            limit_bytes: limits.transaction_bytes,
            limit_operations: limits.transaction_operations,
        });
    }
    Ok(())
}
