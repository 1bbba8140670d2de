//! PartiQL statements that are done together or not at all: reads as one moment saw them, or writes and checks.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use millpond_engine::{Read, Transaction};

use crate::capacity::{self, Consumption, Transactional};
use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::kv::Kv;
use crate::model::{
    CancellationCode, CancellationReason, ExecuteTransactionOutput, ExecuteTransactionRequest, ParameterizedStatement,
    ReturnConsumedCapacity,
};
use crate::partiql::{self, Asked, Bound, Prepared};
use crate::table::TableRecord;
use crate::tokens::{self, Seen};
use crate::transact_write_items::run_actions;
use crate::transaction::{self, MAX_TRANSACTION_BYTES, same_item, too_large};
use crate::{Error, Result, write_item};

const MAX_STATEMENTS: usize = 100;
/// What sets the tokens of these transactions apart from those of TransactWriteItems.
const TOKEN_OF: &str = "ExecuteTransaction";

/// A request whose own checks have passed.
pub(crate) struct ExecuteTransaction<'a> {
    request: &'a ExecuteTransactionRequest,
    statements: Vec<Bound>,
}

pub(crate) fn check(request: &ExecuteTransactionRequest) -> Result<ExecuteTransaction<'_>> {
    let mut broken = Constraints::default();
    match request.transact_statements.len() {
        0 => broken.breaks("[]", "transactStatements", "Member must have length greater than or equal to 1"),
        1..=MAX_STATEMENTS => {}
        _ => broken.breaks_at("transactStatements", "Member must have length less than or equal to 100"),
    }
    for (number, member) in (1..).zip(&request.transact_statements) {
        let field = format!("transactStatements.{number}.member.");
        partiql::constrain(&mut broken, &member.statement, member.parameters.as_deref(), &field);
    }
    broken.finish()?;
    if let Some(token) = &request.client_request_token {
        tokens::check(token)?;
    }
    // Values are looked at before statements are, and are not told by their place.
    let mut parameters = request.transact_statements.iter().filter_map(|member| member.parameters.as_ref()).flatten();
    parameters.try_for_each(write_item::check_nesting)?;
    let bind = |(index, member): (usize, &ParameterizedStatement)| {
        let bound = Bound::new(&member.statement, member.parameters.as_deref().unwrap_or_default());
        bound.map_err(|error| failed(index, error))
    };
    let statements = request.transact_statements.iter().enumerate().map(bind).collect::<Result<Vec<_>>>()?;
    let reads = statements.iter().filter(|statement| statement.is_read()).count();
    if reads > 0 && reads < statements.len() {
        return Err(Error::validation(
            "ExecuteTransaction API does not support both read and write operations in the same request.",
        ));
    }
    Ok(ExecuteTransaction { request, statements })
}

/// A statement that is refused is told by its place, from 0.
fn failed(index: usize, error: Error) -> Error {
    match error {
        Error::Validation { message } => {
            Error::validation(format!("Validation failed in TransactStatements[{index}]: {message}"))
        }
        other => other,
    }
}

impl ExecuteTransaction<'_> {
    fn reads(&self) -> bool {
        self.statements.iter().all(Bound::is_read)
    }

    /// What the statements come to on their tables, each with its table.
    ///
    /// # Errors
    /// A statement that is refused, or reasons to cancel all of them.
    fn on_tables<T>(
        &self,
        catalog: &Catalog,
        reader: &mut impl Read,
        on_table: impl Fn(usize, &Bound, &TableRecord) -> Result<Result<T>>,
    ) -> Result<Vec<(Arc<TableRecord>, T)>> {
        let mut found = Vec::with_capacity(self.statements.len());
        let mut reasons = Vec::with_capacity(self.statements.len());
        for (index, statement) in self.statements.iter().enumerate() {
            let name = match statement {
                Bound::Read(read) | Bound::Exists(read) => read.table(),
                Bound::Write(write) => write.table(),
            };
            let outcome = match catalog.need(reader, name) {
                Err(error @ Error::ResourceNotFound { .. }) => Err(not_found(&error)),
                Err(error) => return Err(error),
                Ok(table) => match on_table(index, statement, &table).map_err(|error| failed(index, error))? {
                    Ok(on_table) => Ok((table, on_table)),
                    Err(error) => Err(transaction::reason(error)?),
                },
            };
            match outcome {
                Ok(on_table) => {
                    found.push(on_table);
                    reasons.push(CancellationReason::NONE);
                }
                Err(reason) => reasons.push(reason),
            }
        }
        if found.len() < reasons.len() { Err(Error::TransactionCanceled { reasons }) } else { Ok(found) }
    }
}

fn not_found(error: &Error) -> CancellationReason {
    CancellationReason { code: CancellationCode::ResourceNotFound, message: Some(error.to_string()), item: None }
}

fn run_reads(
    catalog: &Catalog,
    reader: &mut impl Read,
    transaction: &ExecuteTransaction<'_>,
) -> Result<ExecuteTransactionOutput> {
    let reads = transaction.on_tables(catalog, reader, |_, statement, table| match statement {
        Bound::Read(read) | Bound::Exists(read) => read.of_transaction(table),
        Bound::Write(_) => Err(Error::validation("a write among reads")),
    })?;
    let mut rows = HashSet::new();
    if !reads.iter().all(|(_, read)| rows.insert(&read.row)) {
        return Err(same_item());
    }
    let mut output = ExecuteTransactionOutput::default();
    let mut tables: BTreeMap<&str, Consumption> = BTreeMap::new();
    let mut all_bytes = 0;
    for ((table, read), statement) in reads.iter().zip(&transaction.statements) {
        let (item, bytes) = read.run(catalog, reader, table)?;
        all_bytes += bytes;
        if all_bytes > MAX_TRANSACTION_BYTES {
            return Err(too_large());
        }
        let consumption = Consumption::of_table(capacity::read_units(bytes, true)).in_transaction();
        if let Bound::Read(read) = statement {
            tables.entry(read.parameter()).or_default().add(consumption);
        }
        output.responses.push(item);
    }
    let asked = transaction.request.return_consumed_capacity;
    output.consumed_capacity = capacity::report_tables(asked, tables, Some(Transactional::Read));
    Ok(output)
}

fn run_writes(
    catalog: &Catalog,
    tx: &mut Transaction,
    transaction: &ExecuteTransaction<'_>,
) -> Result<ExecuteTransactionOutput> {
    let request = transaction.request;
    let stands_for = (TOKEN_OF, &request.transact_statements);
    let seen = match &request.client_request_token {
        Some(token) => tokens::see(catalog, tx, token, &stands_for)?,
        None => Seen::Never,
    };
    let prepared = prepare(catalog, tx, transaction)?;
    let (tables, prepared): (Vec<_>, Vec<_>) = prepared.into_iter().unzip();
    let actions: Vec<_> = prepared.iter().map(Prepared::action).collect();
    let asked = request.return_consumed_capacity;
    let consumed_capacity = run_actions(catalog, tx, &actions, &tables, seen, asked)
        .map_err(|error| in_partiql(error, &transaction.statements))?;
    if let (Some(token), Seen::Never) = (&request.client_request_token, seen) {
        tokens::remember(catalog, tx, token, &stands_for)?;
    }
    Ok(ExecuteTransactionOutput { responses: Vec::new(), consumed_capacity })
}

fn prepare(
    catalog: &Catalog,
    tx: &mut Transaction,
    transaction: &ExecuteTransaction<'_>,
) -> Result<Vec<(Arc<TableRecord>, Prepared)>> {
    let members = &transaction.request.transact_statements;
    transaction.on_tables(catalog, tx, |index, statement, table| {
        let on_failure =
            members.get(index).map(|member| member.return_values_on_condition_check_failure).unwrap_or_default();
        let asked = Asked { capacity: ReturnConsumedCapacity::None, on_failure };
        match statement {
            Bound::Read(read) | Bound::Exists(read) if read.has_index() => {
                Err(Error::validation("Reads on indices are not supported within transactions."))
            }
            Bound::Read(read) | Bound::Exists(read) => read.check(table, asked),
            Bound::Write(write) if write.has_returning() => {
                Err(Error::validation("RETURNING clause is not supported in ExecuteTransaction."))
            }
            Bound::Write(write) => Ok(write.prepare_in_transaction(table, asked)),
        }
    })
}

/// Reasons in the words of PartiQL. The only condition of an `INSERT` is that its item is not there.
fn in_partiql(error: Error, statements: &[Bound]) -> Error {
    let Error::TransactionCanceled { mut reasons } = error else { return error };
    for (reason, statement) in reasons.iter_mut().zip(statements) {
        let is_insert = matches!(statement, Bound::Write(write) if write.is_insert());
        if is_insert && reason.code == CancellationCode::ConditionalCheckFailed {
            reason.code = CancellationCode::DuplicateItem;
            reason.message = Some(Error::DuplicateItem.to_string());
        }
        reason.message = reason.message.take().map(partiql::of_update);
    }
    Error::TransactionCanceled { reasons }
}

impl Kv {
    /// Does what up to 100 PartiQL statements say, all or nothing.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html>
    ///
    /// # Errors
    /// [`Error::TransactionCanceled`] if one of them cannot be done, also because its table does not exist,
    /// [`Error::IdempotentParameterMismatch`] for a token that stands for other statements, [`Error::Validation`], and those
    /// of the engine.
    pub fn execute_transaction(&self, request: &ExecuteTransactionRequest) -> Result<ExecuteTransactionOutput> {
        let transaction = check(request)?;
        let done = match self.throttle() {
            Some(throttle) => throttle.execute_transaction(self, request, &transaction.statements),
            None if transaction.reads() => {
                return run_reads(self.catalog(), &mut self.engine().snapshot()?, &transaction);
            }
            None => self.engine().transact(|tx| run_writes(self.catalog(), tx, &transaction)),
        };
        if request.client_request_token.is_some() && done.is_ok() {
            self.purge_tokens();
        }
        done.map_err(|error| transaction::lost(error, request.transact_statements.len()))
    }

    /// [`execute_transaction`](Kv::execute_transaction) in the caller's transaction. Its token, if it has one, is removed by
    /// a later plain call or [`open`](Kv::open), once it has expired.
    ///
    /// # Errors
    /// As [`execute_transaction`](Kv::execute_transaction).
    pub fn execute_transaction_in(
        &self,
        tx: &mut Transaction,
        request: &ExecuteTransactionRequest,
    ) -> Result<ExecuteTransactionOutput> {
        let transaction = check(request)?;
        match transaction.reads() {
            true => run_reads(self.catalog(), tx, &transaction),
            false => tx.savepoint(|tx| run_writes(self.catalog(), tx, &transaction)),
        }
    }
}
