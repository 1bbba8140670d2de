//! Functions of the program that stand for those of the service: what is subscribed with the protocol `lambda` goes to them.

use std::{
    collections::HashMap,
    fmt,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
};

use millpond_engine::Transaction;

use super::runner::Runner;
use crate::{Endpoint, Notification, Topics};

pub(super) type Handler = dyn Fn(&Notification) -> Result<(), String> + Send + Sync;
pub(super) type HandlerIn = dyn Fn(&mut Transaction, &Notification) -> Result<(), String> + Send + Sync;

/// How a function is called.
#[derive(Clone)]
pub(super) enum Function {
    /// At least once for a message.
    Plain(Arc<Handler>),
    /// In the transaction that takes the message out.
    InTransaction(Arc<HandlerIn>),
}

/// The functions that are attached, by their names.
#[derive(Default)]
pub(super) struct Functions {
    attached: HashMap<Arc<str>, (u64, Function)>,
    last: u64,
}

impl Functions {
    pub(super) fn get(&self, name: &str) -> Option<Function> {
        self.attached.get(name).map(|(_, function)| function.clone())
    }

    fn put(&mut self, name: &Arc<str>, function: Function) -> (u64, Option<Function>) {
        self.last += 1;
        let before = self.attached.insert(Arc::clone(name), (self.last, function));
        (self.last, before.map(|(_, before)| before))
    }

    fn remove(&mut self, name: &str, number: u64) -> Option<Function> {
        let is_it = self.attached.get(name).is_some_and(|(attached, _)| *attached == number);
        is_it.then(|| self.attached.remove(name)).flatten().map(|(_, function)| function)
    }
}

/// The name of the function that an endpoint names: that of its ARN, without the version or alias that may follow.
pub(super) fn name(endpoint: &Endpoint) -> Arc<str> {
    let parts: Vec<&str> = endpoint.address.split(':').collect();
    match parts.as_slice() {
        [_, _, _, _, _, "function", name, ..] => (*name).into(),
        _ => endpoint.target().into(),
    }
}

/// Calls what may panic: that counts as a failure.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("the function panicked: {}", said.unwrap_or("it did not say why")))
    })
}

/// A function that is attached, until this is dropped. A call that is under way then comes to its end.
#[must_use = "the function is detached when this is dropped"]
pub struct Attached {
    runner: Weak<Runner>,
    name: Arc<str>,
    number: u64,
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attached").field(&self.name).finish()
    }
}

impl Attached {
    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(runner) = self.runner.upgrade() {
            let detached = runner.with(|state, _| state.functions.remove(&self.name, self.number));
            // What it holds goes without the lock.
            drop(detached);
        }
    }
}

impl Topics {
    /// Has a function handle what is published to subscriptions with the protocol `lambda` whose ARN names it:
    /// `arn:aws:lambda:us-east-1:000000000000:function:NAME`, with or without a version or an alias behind.
    ///
    /// It is called after the commit that publishes, on threads of the service, for up to four messages of a subscription at a time. What is
    /// published while no function of that name is attached waits, restarts included. A message whose function returns an
    /// error or panics comes again by the policy of the service: three times at once, twice after a second, then after 1 to 20 seconds, for 23
    /// days; then it goes to the dead-letter queue of the subscription. A message can come more than once:
    /// [`attach_in`](Topics::attach_in) can prevent that.
    ///
    /// A function that is attached under the name of another takes its place.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html>
    pub fn attach<E: Display>(
        &self,
        name: &str,
        function: impl Fn(&Notification) -> Result<(), E> + Send + Sync + 'static,
    ) -> Attached {
        let handler = move |message: &Notification| function(message).map_err(|error| error.to_string());
        self.attach_function(name, Function::Plain(Arc::new(handler)))
    }

    /// As [`attach`](Topics::attach), with what the function writes in the transaction that takes the message out: it is written
    /// exactly once for each message, or not at all. The function may run more than once for that, so it has no effects outside of
    /// the transaction.
    pub fn attach_in<E: Display>(
        &self,
        name: &str,
        function: impl Fn(&mut Transaction, &Notification) -> Result<(), E> + Send + Sync + 'static,
    ) -> Attached {
        let handler = move |tx: &mut Transaction, message: &Notification| {
            function(tx, message).map_err(|error| error.to_string())
        };
        self.attach_function(name, Function::InTransaction(Arc::new(handler)))
    }

    fn attach_function(&self, name: &str, function: Function) -> Attached {
        let (runner, name): (_, Arc<str>) = (&self.shared.deferred.runner, name.into());
        let (number, before) = runner.with(|state, now| {
            let put = state.functions.put(&name, function);
            state.lanes.attached(&name, now);
            put
        });
        drop(before);
        Attached { runner: Arc::downgrade(runner), name, number }
    }
}
