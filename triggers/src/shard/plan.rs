//! Opening a shard and ending it, each in one transaction.

use millpond_engine::{Position, Transaction};
use millpond_stream::log::ShardId;

use crate::{
    Result,
    lane::Earlier,
    layout::{LaneRow, Rows, ShardRow},
};

/// What the lanes of a shard begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) earlier: Vec<Earlier>,
    pub(super) lanes: Vec<LaneRow>,
}

/// Opens a shard with so many lanes, or goes on with it; `None` if it is done. It may have had another number of lanes before:
/// what was done then stays done.
pub(super) fn open(
    rows: &Rows,
    tx: &mut Transaction,
    trigger: u64,
    shard: ShardId,
    (lanes, start): (u16, Position),
) -> Result<Option<Plan>> {
    let Some(row) = rows.shard(tx, trigger, shard)? else {
        let row = ShardRow { is_done: false, lanes, earlier: Vec::new() };
        return begin(rows, tx, trigger, shard, (row, start)).map(Some);
    };
    if row.is_done {
        return Ok(None);
    }
    let mut before = Vec::new();
    for lane in 0..row.lanes {
        before.push(rows.lane(tx, trigger, shard, lane)?.unwrap_or_else(|| LaneRow::at(start)));
    }
    // A state belongs to the keys of its lane, so it has to come to its end first.
    if row.lanes == lanes || before.iter().any(|lane| lane.window.is_some()) {
        return Ok(Some(Plan { earlier: row.earlier, lanes: before }));
    }
    let end = Position::new(u64::MAX);
    let done = Earlier { next: before.iter().map(|lane| if lane.is_at_end { end } else { lane.next }).collect() };
    let first = done.first();
    let mut earlier = row.earlier;
    earlier.push(done);
    earlier.retain(|earlier| earlier.matters_from(first));
    for lane in 0..row.lanes {
        rows.delete_lane(tx, trigger, shard, lane)?;
    }
    begin(rows, tx, trigger, shard, (ShardRow { is_done: false, lanes, earlier }, first)).map(Some)
}

fn begin(
    rows: &Rows,
    tx: &mut Transaction,
    trigger: u64,
    shard: ShardId,
    (row, from): (ShardRow, Position),
) -> Result<Plan> {
    rows.put_shard(tx, trigger, shard, &row)?;
    let lanes = vec![LaneRow::at(from); usize::from(row.lanes)];
    for (lane, row) in (0..).zip(&lanes) {
        rows.put_lane(tx, trigger, shard, lane, row)?;
    }
    Ok(Plan { earlier: row.earlier, lanes })
}

/// Notes that a lane is at the end of its shard. Once all are, the shard is done.
pub(super) fn end_lane(
    rows: &Rows,
    tx: &mut Transaction,
    trigger: u64,
    shard: ShardId,
    (lane, row): (u16, &LaneRow),
) -> Result<()> {
    rows.put_lane(tx, trigger, shard, lane, row)?;
    let Some(stored) = rows.shard(tx, trigger, shard)? else { return Ok(()) };
    for other in 0..stored.lanes {
        if !rows.lane(tx, trigger, shard, other)?.is_some_and(|row| row.is_at_end) {
            return Ok(());
        }
    }
    for other in 0..stored.lanes {
        rows.delete_lane(tx, trigger, shard, other)?;
    }
    rows.put_shard(tx, trigger, shard, &ShardRow { is_done: true, lanes: stored.lanes, earlier: Vec::new() })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use millpond_engine::{Engine, Timestamp};

    use super::*;
    use crate::window::{OpenWindow, Window};

    const SHARD: ShardId = ShardId::new(3);
    const START: Position = Position::new(10);

    struct Store(Engine, Rows);

    impl Store {
        fn new() -> Self {
            let engine = Engine::in_memory();
            let rows = Rows::open(&engine).unwrap();
            Store(engine, rows)
        }

        fn run<T>(&self, f: impl Fn(&Rows, &mut Transaction) -> Result<T>) -> T {
            self.0.transact(|tx| f(&self.1, tx)).unwrap()
        }

        fn open(&self, lanes: u16) -> Option<Plan> {
            self.run(|rows, tx| open(rows, tx, 1, SHARD, (lanes, START)))
        }

        fn put(&self, lane: u16, row: &LaneRow) {
            self.run(|rows, tx| rows.put_lane(tx, 1, SHARD, lane, row));
        }
    }

    fn at(position: u64) -> LaneRow {
        LaneRow::at(Position::new(position))
    }

    #[test]
    fn a_shard_goes_on_where_its_lanes_were() {
        let store = Store::new();
        assert_eq!(store.open(2), Some(Plan { earlier: vec![], lanes: vec![at(10), at(10)] }));
        store.put(1, &at(15));
        assert_eq!(store.open(2), Some(Plan { earlier: vec![], lanes: vec![at(10), at(15)] }));
    }

    #[test]
    fn with_another_number_of_lanes_what_was_done_is_remembered_for_as_long_as_it_matters() {
        let store = Store::new();
        store.open(2);
        store.put(0, &at(20));
        store.put(1, &at(30));
        let first = Earlier { next: vec![Position::new(20), Position::new(30)] };
        assert_eq!(store.open(1), Some(Plan { earlier: vec![first.clone()], lanes: vec![at(20)] }));
        store.put(0, &at(25));
        let second = Earlier { next: vec![Position::new(25)] };
        let plan = store.open(3).unwrap();
        // Of the second nothing is left beyond where the lanes begin.
        assert_eq!(plan, Plan { earlier: vec![first], lanes: vec![at(25), at(25), at(25)] });
        assert!(!second.matters_from(Position::new(25)));
        (0..3).for_each(|lane| store.put(lane, &at(40)));
        assert_eq!(store.open(1), Some(Plan { earlier: vec![], lanes: vec![at(40)] }));
    }

    #[test]
    fn an_open_window_keeps_the_lanes_as_they_are() {
        let store = Store::new();
        store.open(1);
        let window = Window { start: Timestamp::default(), end: Timestamp::from_secs(1) };
        let row = LaneRow { window: Some(OpenWindow::with_state(window, Bytes::new())), ..at(20) };
        store.put(0, &row);
        assert_eq!(store.open(5), Some(Plan { earlier: vec![], lanes: vec![row] }));
    }

    #[test]
    fn a_shard_is_done_once_all_its_lanes_are_at_its_end() {
        let store = Store::new();
        store.open(2);
        let end = LaneRow { is_at_end: true, ..at(20) };
        store.run(|rows, tx| end_lane(rows, tx, 1, SHARD, (0, &end)));
        let plan = store.open(2).unwrap();
        assert!(plan.lanes[0].is_at_end && !plan.lanes[1].is_at_end);
        // What a lane has ended with is done in any other number of lanes.
        let plan = store.open(1).unwrap();
        assert_eq!(plan.earlier, [Earlier { next: vec![Position::new(u64::MAX), START] }]);
        store.run(|rows, tx| end_lane(rows, tx, 1, SHARD, (0, &end)));
        assert_eq!(store.open(1), None);
        let left = store.run(|rows, tx| rows.shards(tx, 1));
        assert_eq!(left, [(SHARD, ShardRow { is_done: true, lanes: 1, earlier: vec![] })]);
    }
}
