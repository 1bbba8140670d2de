//! A queue's life in a log-structured store: put a row at the end, take the first one, delete it, a million times.
//!
//! Deleted rows leave tombstones at the front of the range. A reader that looks for the first row from the start of the
//! range steps over all of them, and gets slower with each row. So the front is remembered: a hint in memory that is
//! always exact here, and a mark in the store that trails it by at most [`MARK_EVERY`] rows, for the next start.
//!
//! `churn [cycles]` does so on Millpond's engine and on bare fjall in turns, prints time and disk for each tenth, checks
//! that Millpond's stay flat, and that the front is found again, quickly, by the stored mark alone.

use std::{
    env,
    ops::{Bound, Range},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use fjall::{Database, KeyspaceCreateOptions};
use millpond_benches::{Failure, Values, directory, disk_bytes, settle};
use millpond_engine::{Durability, Engine, Keyspace, RangeRequest, WriteBatch, key::KeyReader, key::KeyWriter};

/// Rows that wait in the queue all the time.
const BACKLOG: u64 = 100;
/// After how many taken rows the mark is stored. Each store of it costs a write; each row between costs a later start
/// the step over one tombstone.
const MARK_EVERY: u64 = 256;
const MARK: &[u8] = b"front";

/// Cycles in one sample of the time. A tenth is judged by its median sample: other work on the machine disturbs some.
const SAMPLE: usize = 1000;
/// The median cycle of no tenth takes longer than so many times that of the fastest. A memtable that fills and is
/// flushed makes some difference; stepping over tombstones would make one of thousands.
const FLAT: f64 = 3.0;
/// Most that Millpond's store may take, whatever the number of cycles: its journals, which are kept until the last
/// keyspace that wrote to them is flushed, and the tables that wait to be compacted.
const FLAT_DISK_BYTES: u64 = 320 << 20;
const MEBIBYTE: f64 = 1_048_576.0;

/// A store of numbered rows and of the mark.
trait Rows {
    fn put(&self, row: u64, value: &[u8]) -> Result<(), Failure>;

    /// The first row that is not before `front`.
    fn first(&self, front: u64) -> Result<Option<u64>, Failure>;

    /// Deletes a row, and stores the mark if there is one.
    fn delete(&self, row: u64, mark: Option<u64>) -> Result<(), Failure>;
}

fn bytes(number: u64) -> Vec<u8> {
    KeyWriter::new().u64(number).finish()
}

struct Millpond {
    engine: Engine,
    rows: Keyspace,
    marks: Keyspace,
}

impl Millpond {
    fn open(path: &Path) -> Result<Self, Failure> {
        let engine = Engine::options().path(path).durability(Durability::Buffered).open()?;
        let (rows, marks) = (engine.keyspace("rows")?, engine.keyspace("marks")?);
        Ok(Millpond { engine, rows, marks })
    }

    fn mark(&self) -> Result<u64, Failure> {
        Ok(match self.engine.get(&self.marks, MARK)? {
            Some(mark) => KeyReader::new(&mark).read_u64()?,
            None => 0,
        })
    }
}

impl Rows for Millpond {
    fn put(&self, row: u64, value: &[u8]) -> Result<(), Failure> {
        let mut batch = WriteBatch::new();
        batch.put(&self.rows, bytes(row), value.to_vec());
        Ok(self.engine.write(batch)?)
    }

    fn first(&self, front: u64) -> Result<Option<u64>, Failure> {
        let request = RangeRequest::between(Bound::Included(&bytes(front)), Bound::Unbounded).limit(1);
        let page = self.engine.snapshot()?.range(&self.rows, &request)?;
        Ok(match page.entries.first() {
            Some((key, _)) => Some(KeyReader::new(key).read_u64()?),
            None => None,
        })
    }

    fn delete(&self, row: u64, mark: Option<u64>) -> Result<(), Failure> {
        let mut batch = WriteBatch::new();
        batch.delete(&self.rows, bytes(row));
        if let Some(mark) = mark {
            batch.put(&self.marks, MARK, bytes(mark));
        }
        Ok(self.engine.write(batch)?)
    }
}

/// fjall as a program would use it by itself.
struct Bare {
    database: Database,
    rows: fjall::Keyspace,
    marks: fjall::Keyspace,
}

impl Bare {
    fn open(path: &Path) -> Result<Self, Failure> {
        let database = Database::builder(path).open()?;
        let rows = database.keyspace("rows", KeyspaceCreateOptions::default)?;
        let marks = database.keyspace("marks", KeyspaceCreateOptions::default)?;
        Ok(Bare { database, rows, marks })
    }
}

impl Rows for Bare {
    fn put(&self, row: u64, value: &[u8]) -> Result<(), Failure> {
        Ok(self.rows.insert(bytes(row), value)?)
    }

    fn first(&self, front: u64) -> Result<Option<u64>, Failure> {
        Ok(match self.rows.range(bytes(front)..).next() {
            Some(entry) => Some(KeyReader::new(&entry.key()?).read_u64()?),
            None => None,
        })
    }

    fn delete(&self, row: u64, mark: Option<u64>) -> Result<(), Failure> {
        let Some(mark) = mark else { return Ok(self.rows.remove(bytes(row))?) };
        let mut batch = self.database.batch();
        batch.remove(&self.rows, bytes(row));
        batch.insert(&self.marks, MARK, bytes(mark));
        Ok(batch.commit()?)
    }
}

fn main() -> Result<ExitCode, Failure> {
    let cycles: u64 = env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let tenth = cycles.div_ceil(10).max(1);
    let (directory, bare_directory, values) = (directory()?, directory()?, Values::default());
    let (queue, bare) = (Millpond::open(directory.path())?, Bare::open(bare_directory.path())?);
    for row in 0..BACKLOG {
        queue.put(row, values.nth(row))?;
        bare.put(row, values.nth(row))?;
    }

    println!("microseconds a cycle and MiB on disk; at the right bare fjall's");
    println!(
        "{:>10}{:>8}{:>8}{:>8}{:>8}{:>8} |{:>8}{:>8}",
        "cycles", "put", "first", "delete", "all", "disk", "all", "disk"
    );
    let (mut medians, mut disk) = (Vec::new(), Vec::new());
    for nth in 0..10 {
        let rows = nth * tenth..(nth + 1) * tenth;
        let [put, first, delete, all] = pass(&queue, rows.clone(), &values)?;
        let [.., bare_all] = pass(&bare, rows.clone(), &values)?;
        let (used, bare_used) = (disk_bytes(directory.path()), disk_bytes(bare_directory.path()));
        let mebibytes = |bytes: u64| bytes as f64 / MEBIBYTE;
        println!(
            "{:>10}{put:>8.2}{first:>8.2}{delete:>8.2}{all:>8.2}{:>8.0} |{bare_all:>8.2}{:>8.0}",
            rows.end,
            mebibytes(used),
            mebibytes(bare_used)
        );
        medians.push(all);
        disk.push(used);
    }
    let flat = is_flat(&medians, &disk);

    settle(&[directory.path()]);
    let settled = disk_bytes(directory.path()) as f64 / MEBIBYTE;
    println!("disk when all is done in the background: {settled:.1} MiB, of {BACKLOG} rows");
    queue.engine.close()?;
    let began = Instant::now();
    let queue = Millpond::open(directory.path())?;
    let opened = began.elapsed();
    let began = Instant::now();
    let first = queue.first(queue.mark()?)?;
    println!("reopened in {opened:.1?}; the first row was found by the stored mark in {:.1?}", began.elapsed());
    if first != Some(10 * tenth) {
        return Err(format!("after reopening the first row is {first:?}, not {}", 10 * tenth).into());
    }
    println!("{}", if flat { "flat in time and disk" } else { "NOT flat" });
    Ok(if flat { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends rows through the queue; gives the median microseconds that a put, a look at the front, a deletion, and all of
/// it took.
fn pass(queue: &dyn Rows, rows: Range<u64>, values: &Values) -> Result<[f64; 4], Failure> {
    let mut samples: [Vec<f64>; 4] = Default::default();
    for start in rows.clone().step_by(SAMPLE) {
        let part = start..rows.end.min(start + SAMPLE as u64);
        let count = (part.end - part.start) as f64;
        let [put, first, delete] = cycle(queue, part, values)?;
        for (sample, took) in samples.iter_mut().zip([put, first, delete, put + first + delete]) {
            sample.push(took.as_secs_f64() * 1e6 / count);
        }
    }
    Ok(samples.map(median))
}

/// Takes the rows in `rows` out at the front and puts as many in at the end; what putting, finding the first one and
/// deleting it took.
fn cycle(queue: &dyn Rows, rows: Range<u64>, values: &Values) -> Result<[Duration; 3], Failure> {
    let mut parts = [Duration::ZERO; 3];
    for row in rows {
        let start = Instant::now();
        queue.put(row + BACKLOG, values.nth(row))?;
        let put = Instant::now();
        // All rows before this one have been taken.
        let first = queue.first(row)?;
        let found = Instant::now();
        if first != Some(row) {
            return Err(format!("{first:?} came out in the turn of row {row}").into());
        }
        queue.delete(row, row.is_multiple_of(MARK_EVERY).then_some(row + 1))?;
        for (part, took) in parts.iter_mut().zip([put - start, found - put, found.elapsed()]) {
            *part += took;
        }
    }
    Ok(parts)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn is_flat(medians: &[f64], disk: &[u64]) -> bool {
    let fastest = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let slowest = medians.iter().copied().fold(0.0, f64::max);
    slowest <= FLAT * fastest && disk.iter().all(|bytes| *bytes <= FLAT_DISK_BYTES)
}
