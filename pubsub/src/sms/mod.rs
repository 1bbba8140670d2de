//! Text messages: a sandbox. What is sent is checked as the service does, and is kept in the [outbox](crate::Outbox); settings,
//! numbers that opted out and the service's own sandbox are kept.

mod attributes;
mod number;
mod opt_out;
mod origination;
mod sandbox;
mod send;

use std::{collections::BTreeMap, fmt, sync::Arc};

use millpond_engine::{Engine, Keyspace, Transaction};

pub use self::origination::{OriginationNumber, OriginationPage};
pub(crate) use self::send::{deliver, publish};
use crate::{MessageId, PublishMessage, Result, Topics, layout::sms::SMS, shared::Shared};

/// The rows of text messages' settings and numbers.
#[derive(Debug)]
pub(crate) struct Sms {
    rows: Keyspace,
}

impl Sms {
    pub(crate) fn open(engine: &Engine) -> Result<Sms> {
        Ok(Sms { rows: engine.keyspace(SMS)? })
    }
}

/// What holds for text messages: settings, numbers that opted out, the sandbox. Cheap to clone, and usable from any thread.
///
/// Nothing is sent: messages are kept in the [outbox](Topics::outbox), those that would not have reached their number with the
/// reason. The account is not in the service's sandbox unless [`set_in_sandbox`](TextMessages::set_in_sandbox) says so.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-phone-number-as-subscriber.html>
#[derive(Clone)]
pub struct TextMessages {
    shared: Arc<Shared>,
}

/// A page of phone numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NumbersPage {
    /// The numbers, in order.
    pub numbers: Vec<String>,
    /// Go on after this one; `None` at the end.
    pub next: Option<String>,
}

/// A number of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxNumber {
    /// The number: `+` and digits.
    pub number: String,
    /// Whether its password was given back. One that was not waits for it.
    pub is_verified: bool,
}

/// A page of numbers of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SandboxPage {
    /// The numbers, in order.
    pub numbers: Vec<SandboxNumber>,
    /// Go on after this one; `None` at the end.
    pub next: Option<String>,
}

impl fmt::Debug for TextMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextMessages").finish_non_exhaustive()
    }
}

/// The number in the key of a row.
fn number_of(key: &[u8]) -> Option<String> {
    let (_, number) = key.split_first()?;
    std::str::from_utf8(number).ok().map(str::to_owned)
}

impl Topics {
    /// What holds for text messages.
    #[must_use]
    pub fn text_messages(&self) -> TextMessages {
        TextMessages { shared: Arc::clone(&self.shared) }
    }

    /// Publishes a message of up to 1,600 characters to a phone number, in E.164's form: it is kept in the
    /// [outbox](Topics::outbox). One that would not reach its number is taken too, as the service does.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the engine.
    pub fn publish_to_phone(&self, number: &str, message: impl Into<PublishMessage>) -> Result<MessageId> {
        let message = message.into();
        self.shared.engine.transact(|tx| publish(&self.shared, tx, number, &message))
    }

    /// [`publish_to_phone`](Topics::publish_to_phone) in the caller's transaction.
    ///
    /// # Errors
    /// As [`publish_to_phone`](Topics::publish_to_phone).
    pub fn publish_to_phone_in(
        &self,
        tx: &mut Transaction,
        number: &str,
        message: impl Into<PublishMessage>,
    ) -> Result<MessageId> {
        let message = message.into();
        tx.savepoint(|tx| publish(&self.shared, tx, number, &message))
    }
}

impl TextMessages {
    /// The languages in which the sandbox sends passwords.
    pub const SANDBOX_LANGUAGES: [&str; 13] = [
        "en-US", "en-GB", "es-419", "es-ES", "de-DE", "fr-CA", "fr-FR", "it-IT", "ja-JP", "pt-BR", "kr-KR", "zh-CN",
        "zh-TW",
    ];

    /// The settings of these names, or all if there are none. `MonthlySpendLimit` is 1 until it is set.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn attributes(&self, names: &[&str]) -> Result<BTreeMap<String, String>> {
        attributes::get(&self.shared, names)
    }

    /// Sets settings, by their names in the service; an empty text takes one back. The others stay.
    ///
    /// # Errors
    /// [`Error::Refused`](crate::Error::Refused) for an unknown name or a value that cannot be, and those of the engine.
    pub fn set_attributes(&self, attributes: &BTreeMap<String, String>) -> Result<()> {
        self.shared.engine.transact(|tx| attributes::set(&self.shared, tx, attributes))
    }

    /// Opts a number out, as if its owner had answered `STOP`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is no number, and those of the engine.
    pub fn opt_out(&self, number: &str) -> Result<()> {
        self.shared.engine.transact(|tx| opt_out::opt_out(&self.shared, tx, number))
    }

    /// Opts a number in again, which can be done once in 30 days. One that is not opted out stays so.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is no number or too early, and those of the engine.
    pub fn opt_in(&self, number: &str) -> Result<()> {
        self.shared.engine.transact(|tx| opt_out::opt_in(&self.shared, tx, number))
    }

    /// Whether a number is opted out.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is no number, and those of the engine.
    pub fn is_opted_out(&self, number: &str) -> Result<bool> {
        opt_out::is_opted_out(&self.shared, &mut self.shared.engine.latest(), &number::need(number)?)
    }

    /// A page of numbers that are opted out: at most so many after a number.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn opted_out(&self, after: Option<&str>, max: usize) -> Result<NumbersPage> {
        opt_out::list(&self.shared, after, max)
    }

    /// Whether the account is in the sandbox: then only numbers that were verified are reached.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn is_in_sandbox(&self) -> Result<bool> {
        Ok(attributes::settings(&self.shared, &mut self.shared.engine.latest())?.is_in_sandbox)
    }

    /// Puts the account into the sandbox, or takes it out.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn set_in_sandbox(&self, is_in_sandbox: bool) -> Result<()> {
        self.shared.engine.transact(|tx| {
            let settings = attributes::settings(&self.shared, tx)?;
            attributes::keep(&self.shared, tx, &crate::layout::sms::Settings { is_in_sandbox, ..settings })
        })
    }

    /// Adds a number to the sandbox, and sends it a password of six digits: a message in the [outbox](Topics::outbox) that has it
    /// in its text, and as the detail `OneTimePassword`. The language is `en-US` if there is none.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), [`Error::OptedOut`](crate::Error::OptedOut),
    /// [`Error::Refused`](crate::Error::Refused) beyond ten numbers, and those of the engine.
    pub fn add_sandbox_number(&self, number: &str, language: Option<&str>) -> Result<()> {
        self.shared.engine.transact(|tx| sandbox::add(&self.shared, tx, number, language))
    }

    /// Verifies a number of the sandbox by its password.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), [`Error::Verification`](crate::Error::Verification),
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the engine.
    pub fn verify_sandbox_number(&self, number: &str, password: &str) -> Result<()> {
        self.shared.engine.transact(|tx| sandbox::verify(&self.shared, tx, number, password))
    }

    /// Removes a number from the sandbox.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the engine.
    pub fn delete_sandbox_number(&self, number: &str) -> Result<()> {
        self.shared.engine.transact(|tx| sandbox::delete(&self.shared, tx, number))
    }

    /// A page of the sandbox's numbers: at most so many after a number.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn sandbox_numbers(&self, after: Option<&str>, max: usize) -> Result<SandboxPage> {
        sandbox::list(&self.shared, after, max)
    }

    /// Adds a number that messages can come from, or sets it anew.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is no number, and those of the engine.
    pub fn add_origination_number(&self, number: &OriginationNumber) -> Result<()> {
        self.shared.engine.transact(|tx| origination::add(&self.shared, tx, number))
    }

    /// Removes a number that messages can come from. Removing one that is not there is not an error.
    ///
    /// # Errors
    /// As [`add_origination_number`](TextMessages::add_origination_number).
    pub fn remove_origination_number(&self, number: &str) -> Result<()> {
        self.shared.engine.transact(|tx| origination::remove(&self.shared, tx, number))
    }

    /// A page of numbers that messages can come from: at most so many after a number.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn origination_numbers(&self, after: Option<&str>, max: usize) -> Result<OriginationPage> {
        origination::list(&self.shared, after, max)
    }
}
