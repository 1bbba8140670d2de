//! Several PartiQL statements, each with its own outcome. They see one moment, and those that write are one commit.

use std::collections::BTreeMap;

use millpond_engine::{Read, Transaction};

use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::kv::Kv;
use crate::model::{
    BatchExecuteStatementOutput, BatchExecuteStatementRequest, BatchStatementError, BatchStatementErrorCode,
    BatchStatementRequest, BatchStatementResponse, ConsumedCapacity, ReturnConsumedCapacity,
};
use crate::partiql::{self, Asked, Bound};
use crate::value::Item;
use crate::{Error, Result};

const MAX_STATEMENTS: usize = 25;

/// A request whose own checks have passed. Statements that are refused by themselves stay in their places.
pub(crate) struct BatchExecute<'a> {
    request: &'a BatchExecuteStatementRequest,
    statements: Vec<Result<Bound>>,
}

pub(crate) fn check(request: &BatchExecuteStatementRequest) -> Result<BatchExecute<'_>> {
    let mut broken = Constraints::default();
    match request.statements.len() {
        0 => broken.breaks("[]", "statements", "Member must have length greater than or equal to 1"),
        1..=MAX_STATEMENTS => {}
        _ => broken.breaks_at("statements", "Member must have length less than or equal to 25"),
    }
    for (number, member) in (1..).zip(&request.statements) {
        let field = format!("statements.{number}.member.");
        partiql::constrain(&mut broken, &member.statement, member.parameters.as_deref(), &field);
    }
    broken.finish()?;
    let bind = |member: &BatchStatementRequest| {
        Bound::new(&member.statement, member.parameters.as_deref().unwrap_or_default()).and_then(|bound| match bound {
            Bound::Exists(_) => Err(Error::validation("EXISTS can only be used in ExecuteTransaction write requests.")),
            other => Ok(other),
        })
    };
    let statements: Vec<_> = request.statements.iter().map(bind).collect();
    let mut kinds = statements.iter().flatten().map(Bound::is_read);
    let first = kinds.next();
    if kinds.any(|is_read| Some(is_read) != first) {
        return Err(Error::validation(
            "BatchExecuteStatement API does not support both read and write operations in the same request.",
        ));
    }
    Ok(BatchExecute { request, statements })
}

impl BatchExecute<'_> {
    fn writes(&self) -> bool {
        self.statements.iter().flatten().any(|bound| !bound.is_read())
    }
}

/// What a statement came to, and what it cost.
struct Done {
    item: Option<Item>,
    cost: Cost,
}

enum Cost {
    Read(Consumption),
    Written(Option<ConsumedCapacity>),
}

/// The outcome of a statement: what came before its table was reached, or what came of it there.
type Outcome = Result<(String, Result<Done>)>;

/// Tells a fault of one statement from one of all.
fn response(outcome: Outcome) -> Result<(BatchStatementResponse, Option<Cost>)> {
    let (table_name, done) = match outcome {
        Ok((table, done)) => (Some(table), done),
        Err(error) => (None, Err(error)),
    };
    Ok(match done {
        Ok(Done { item, cost }) => (BatchStatementResponse { error: None, table_name, item }, Some(cost)),
        Err(error) => (BatchStatementResponse { error: Some(fault(error)?), table_name, item: None }, None),
    })
}

fn fault(error: Error) -> Result<BatchStatementError> {
    let message = error.to_string();
    let (code, item) = match error {
        Error::Validation { .. } => (BatchStatementErrorCode::ValidationError, None),
        Error::ResourceNotFound { .. } => (BatchStatementErrorCode::ResourceNotFound, None),
        Error::DuplicateItem => (BatchStatementErrorCode::DuplicateItem, None),
        Error::ConditionalCheckFailed { item } => (BatchStatementErrorCode::ConditionalCheckFailed, item),
        other => return Err(other),
    };
    Ok(BatchStatementError { code, message, item })
}

fn read(
    catalog: &Catalog,
    reader: &mut impl Read,
    member: &BatchStatementRequest,
    statement: &partiql::Read,
) -> Outcome {
    let table = catalog.need(reader, statement.table())?;
    let single = statement.of_batch(&table, member.consistent_read)?;
    let done = single.run(catalog, reader, &table).map(|(item, bytes)| {
        let units = capacity::read_units(bytes, member.consistent_read);
        Done { item, cost: Cost::Read(Consumption::of_table(units)) }
    });
    Ok((statement.parameter().to_owned(), done))
}

fn write(
    catalog: &Catalog,
    tx: &mut Transaction,
    member: &BatchStatementRequest,
    statement: &partiql::Write,
    capacity: ReturnConsumedCapacity,
) -> Outcome {
    let table = catalog.need(tx, statement.table())?;
    let asked = Asked { capacity, on_failure: member.return_values_on_condition_check_failure };
    let prepared = statement.prepare(&table, asked)?;
    let done = tx
        .savepoint(|tx| prepared.run(catalog, tx))
        .map(|written| Done { item: written.attributes, cost: Cost::Written(written.consumed_capacity) });
    Ok((statement.parameter().to_owned(), done))
}

fn refused(error: &Error) -> Error {
    Error::validation(error.to_string())
}

fn run_reads(
    catalog: &Catalog,
    reader: &mut impl Read,
    batch: &BatchExecute<'_>,
) -> Result<BatchExecuteStatementOutput> {
    let mut output = BatchExecuteStatementOutput::default();
    let mut tables: BTreeMap<String, Consumption> = BTreeMap::new();
    for (member, statement) in batch.request.statements.iter().zip(&batch.statements) {
        let outcome = match statement {
            Ok(Bound::Read(statement) | Bound::Exists(statement)) => read(catalog, reader, member, statement),
            Ok(Bound::Write(_)) => continue,
            Err(error) => Err(refused(error)),
        };
        let (response, cost) = response(outcome)?;
        if let (Some(Cost::Read(consumption)), Some(table)) = (cost, &response.table_name) {
            tables.entry(table.clone()).or_default().add(consumption);
        }
        output.responses.push(response);
    }
    let asked = batch.request.return_consumed_capacity;
    let tables = tables.iter().map(|(table, consumption)| (table.as_str(), consumption.clone())).collect();
    output.consumed_capacity = capacity::report_tables(asked, tables, None);
    Ok(output)
}

fn run_writes(
    catalog: &Catalog,
    tx: &mut Transaction,
    batch: &BatchExecute<'_>,
) -> Result<BatchExecuteStatementOutput> {
    let mut output = BatchExecuteStatementOutput::default();
    let asked = batch.request.return_consumed_capacity;
    let mut consumed: Vec<ConsumedCapacity> = Vec::new();
    for (member, statement) in batch.request.statements.iter().zip(&batch.statements) {
        let outcome = match statement {
            Ok(Bound::Write(statement)) => write(catalog, tx, member, statement, asked),
            Ok(Bound::Read(_) | Bound::Exists(_)) => continue,
            Err(error) => Err(refused(error)),
        };
        let (response, cost) = response(outcome)?;
        if let Some(Cost::Written(Some(report))) = cost {
            capacity::add_report(&mut consumed, report);
        }
        output.responses.push(response);
    }
    output.consumed_capacity = (asked != ReturnConsumedCapacity::None).then_some(consumed);
    Ok(output)
}

impl Kv {
    /// Does what up to 25 PartiQL statements say. A fault of one is told in its response, and does not hinder the others.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html>
    ///
    /// # Errors
    /// [`Error::Validation`] for a fault of the whole request, and those of the engine.
    pub fn batch_execute_statement(
        &self,
        request: &BatchExecuteStatementRequest,
    ) -> Result<BatchExecuteStatementOutput> {
        let batch = check(request)?;
        if let Some(throttle) = self.throttle() {
            return throttle.batch_execute_statement(self, request, &batch.statements);
        }
        match batch.writes() {
            true => self.engine().transact(|tx| run_writes(self.catalog(), tx, &batch)),
            false => run_reads(self.catalog(), &mut self.engine().snapshot()?, &batch),
        }
    }

    /// [`batch_execute_statement`](Kv::batch_execute_statement) in the caller's transaction.
    ///
    /// # Errors
    /// As [`batch_execute_statement`](Kv::batch_execute_statement).
    pub fn batch_execute_statement_in(
        &self,
        tx: &mut Transaction,
        request: &BatchExecuteStatementRequest,
    ) -> Result<BatchExecuteStatementOutput> {
        let batch = check(request)?;
        match batch.writes() {
            true => tx.savepoint(|tx| run_writes(self.catalog(), tx, &batch)),
            false => run_reads(self.catalog(), tx, &batch),
        }
    }
}
