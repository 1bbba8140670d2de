//! The key by which messages are signed, and its certificate.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use millpond_engine::{BackendKind, Engine, Keyspace};
use parking_lot::Mutex;

use super::key::{Key, KeyRecord, SignatureVersion};
use crate::{Result, layout};

const KEYS: &str = "pubsub.keys";
/// Where the key stands.
const SIGNING_KEY: &[u8] = &[0];
/// So many signatures are remembered, for those who are sent the same again.
const MOST_REMEMBERED: usize = 1024;

/// Signs envelopes. All handles of an engine share one key.
///
/// The key is made when it is first needed, which may be within any transaction. It is therefore written by every transaction that
/// signs, until one of them is committed: whoever has a signature has it from a key that the store keeps, and nobody waits for
/// another's commit. Stores in memory keep none; they share one for as long as the program runs.
pub(crate) struct Signer {
    engine: Engine,
    keyspace: Keyspace,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    key: OnceLock<Arc<Key>>,
    making: Mutex<()>,
    /// Whether the store keeps the key.
    is_stored: AtomicBool,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    signatures: HashMap<[u8; 32], Arc<str>>,
    order: VecDeque<[u8; 32]>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("has_key", &self.shared.key.get().is_some()).finish_non_exhaustive()
    }
}

impl Signer {
    pub(crate) fn open(engine: &Engine) -> Result<Signer> {
        Ok(Signer { keyspace: engine.keyspace(KEYS)?, shared: engine.shared::<Shared>(), engine: engine.clone() })
    }

    /// The certificate, in PEM, and the path below the public URL where a server gives it out.
    pub(crate) fn certificate(&self) -> Result<(String, String)> {
        Ok(self.key()?.certificate.clone())
    }

    /// The path below the public URL where the certificate is.
    pub(crate) fn certificate_path(&self) -> Result<String> {
        Ok(self.key()?.certificate.1.clone())
    }

    /// The signature of a text, in base64.
    pub(crate) fn sign(&self, version: SignatureVersion, text: &str) -> Result<Arc<str>> {
        let key = self.key()?;
        let known_by =
            blake3::Hasher::new().update(version.name().as_bytes()).update(text.as_bytes()).finalize().into();
        if let Some(known) = self.shared.remembered.lock().signatures.get(&known_by) {
            return Ok(Arc::clone(known));
        }
        let signature: Arc<str> = BASE64_STANDARD.encode(key.sign(version, text.as_bytes())?).into();
        let mut remembered = self.shared.remembered.lock();
        if remembered.signatures.insert(known_by, Arc::clone(&signature)).is_none() {
            remembered.order.push_back(known_by);
        }
        if remembered.order.len() > MOST_REMEMBERED
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.signatures.remove(&oldest);
        }
        Ok(signature)
    }

    /// The key, which is in the store or will be when the transaction under way is committed.
    fn key(&self) -> Result<Arc<Key>> {
        let key = self.find_or_make()?;
        if !self.is_in_memory() && !self.shared.is_stored.load(Ordering::Acquire) {
            let row = layout::encode(&key.record())?;
            // Within a transaction it becomes part of that one.
            self.engine.transact(|tx| -> Result<()> {
                tx.put(&self.keyspace, SIGNING_KEY, row.clone())?;
                let shared = Arc::clone(&self.shared);
                tx.on_commit(move || shared.is_stored.store(true, Ordering::Release));
                Ok(())
            })?;
        }
        Ok(key)
    }

    fn find_or_make(&self) -> Result<Arc<Key>> {
        if let Some(key) = self.shared.key.get() {
            return Ok(Arc::clone(key));
        }
        let _one_at_a_time = self.shared.making.lock();
        if let Some(key) = self.shared.key.get() {
            return Ok(Arc::clone(key));
        }
        // What a transaction under way has written itself does not matter: it has the key of here, or there is none.
        let key = match self.engine.get(&self.keyspace, SIGNING_KEY)? {
            Some(row) => {
                let record: KeyRecord = layout::decode(KEYS, &row)?;
                self.shared.is_stored.store(true, Ordering::Release);
                Arc::new(Key::of_record(&record)?)
            }
            None if self.is_in_memory() => of_program()?,
            None => Arc::new(Key::make()?),
        };
        Ok(Arc::clone(self.shared.key.get_or_init(|| key)))
    }

    fn is_in_memory(&self) -> bool {
        self.engine.backend() == BackendKind::Memory
    }
}

/// The key of all stores in memory.
fn of_program() -> Result<Arc<Key>> {
    static KEY: OnceLock<Arc<Key>> = OnceLock::new();
    static MAKING: Mutex<()> = Mutex::new(());
    if let Some(key) = KEY.get() {
        return Ok(Arc::clone(key));
    }
    let _one_at_a_time = MAKING.lock();
    if let Some(key) = KEY.get() {
        return Ok(Arc::clone(key));
    }
    let key = Arc::new(Key::make()?);
    Ok(Arc::clone(KEY.get_or_init(|| key)))
}
