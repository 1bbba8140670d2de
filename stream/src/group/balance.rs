//! Who has which shard. Each member decides for itself, in a transaction over all rows of the group, so that all decide on the same.
//!
//! A member whose time is over is taken out, and its leases are free. Free leases are taken up to a fair share, which is that of all
//! rounded up. Who then still has two less than another one asks it for a lease, one at a time; the owner gives it away once it
//! works on none of its records, so that a move alone gives nobody a record twice.

use std::collections::{BTreeMap, BTreeSet};

use millpond_engine::{Timestamp, Transaction};

use super::{
    layout::{LeaseRow, MemberRow},
    lineage::Lineage,
    rows::Group,
};
use crate::{Error, Result, ShardId};

/// A member as it knows itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Me<'a> {
    pub(crate) name: &'a str,
    pub(crate) number: u64,
}

/// What has come of it.
#[derive(Debug)]
pub(crate) struct Balance {
    /// The leases of the member.
    pub(crate) mine: BTreeMap<ShardId, LeaseRow>,
    /// When the time of another member is over, unless it is renewed.
    pub(crate) next_expiry: Option<Timestamp>,
}

/// The rows of a group on their way to being balanced.
struct Rows {
    members: BTreeMap<String, MemberRow>,
    leases: BTreeMap<ShardId, LeaseRow>,
    changed: BTreeSet<ShardId>,
}

/// Balances, and says that the member is there until then: if that is due, or nobody knows of it.
pub(crate) fn run(group: &Group, tx: &mut Transaction, me: Me<'_>, until: Timestamp, is_due: bool) -> Result<Balance> {
    let now = tx.began();
    let record = group.need(tx)?;
    let view = group.view(tx)?;
    let (members, leases) = (group.members(tx)?, group.leases(tx)?);
    let mut rows = Rows { members, leases, changed: BTreeSet::new() };
    let stored = rows.members.get(me.name);
    check_own(group, me, stored)?;
    // One that was taken out comes back with nothing: its leases were freed with it.
    let is_new = stored.is_none();
    if is_new || is_due {
        let row = MemberRow::new(me.number, until);
        group.put_member(tx, me.name, &row)?;
        rows.members.insert(me.name.to_owned(), row);
    }
    let buried = rows.bury(me.name, now);
    for member in &buried {
        group.remove_member(tx, member)?;
    }
    let lineage = Lineage::new(&view, now, &rows.leases, record.from());
    for (shard, start) in lineage.ready(&rows.leases) {
        rows.leases.insert(shard, LeaseRow::at(start));
        rows.changed.insert(shard);
    }
    // Anew: a shard is needless once its children have the leases that they were just given.
    let lineage = Lineage::new(&view, now, &rows.leases, record.from());
    let needless = lineage.needless(&view, &rows.leases);
    for shard in &needless {
        rows.leases.remove(shard);
        rows.changed.remove(shard);
        group.remove_lease(tx, *shard)?;
    }
    rows.share(me.name);
    for shard in &rows.changed {
        if let Some(lease) = rows.leases.get(shard) {
            group.put_lease(tx, *shard, lease)?;
        }
    }
    if is_new || !buried.is_empty() || !rows.changed.is_empty() {
        group.changes(tx);
    }
    let others = rows.members.iter().filter(|(name, _)| *name != me.name);
    let next_expiry = others.map(|(_, row)| row.expires()).min();
    let is_mine = |lease: &LeaseRow| !lease.is_finished && lease.owner.as_deref() == Some(me.name);
    let mine = rows.leases.into_iter().filter(|(_, lease)| is_mine(lease)).collect();
    Ok(Balance { mine, next_expiry })
}

/// Fails where a later member has the name.
pub(crate) fn check_own(group: &Group, me: Me<'_>, stored: Option<&MemberRow>) -> Result<()> {
    if stored.is_none_or(|row| row.number == me.number) {
        return Ok(());
    }
    let (stream, group, member) = (group.stream.to_string(), group.name.to_string(), me.name.to_owned());
    Err(Error::MemberReplaced { stream, group, member })
}

impl Rows {
    /// Takes out the other members whose time is over, and frees what was theirs.
    fn bury(&mut self, me: &str, now: Timestamp) -> Vec<String> {
        let is_over = |name: &str, row: &MemberRow| name != me && row.expires() <= now;
        let over = self.members.iter().filter(|(name, row)| is_over(name, row));
        let over: Vec<String> = over.map(|(name, _)| name.clone()).collect();
        self.members.retain(|name, _| !over.contains(name));
        for (shard, lease) in &mut self.leases {
            if lease.owner.as_ref().is_some_and(|owner| !self.members.contains_key(owner)) {
                lease.pass_to(None);
                self.changed.insert(*shard);
            }
            if lease.wanted_by.as_ref().is_some_and(|by| !self.members.contains_key(by)) {
                lease.wanted_by = None;
                self.changed.insert(*shard);
            }
        }
        over
    }

    /// How many leases each member has, or will have once it was given what it has asked for.
    fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts: BTreeMap<&str, usize> = self.members.keys().map(|name| (name.as_str(), 0)).collect();
        for lease in self.leases.values().filter(|lease| !lease.is_finished) {
            let holder = lease.wanted_by.as_deref().or(lease.owner.as_deref());
            if let Some(count) = holder.and_then(|holder| counts.get_mut(holder)) {
                *count += 1;
            }
        }
        counts
    }

    /// Takes free leases up to a fair share, and asks for one where that is not enough.
    fn share(&mut self, me: &str) {
        let counts = self.counts();
        let all = self.leases.values().filter(|lease| !lease.is_finished).count();
        let fair = all.div_ceil(counts.len().max(1));
        let mut own = counts.get(me).copied().unwrap_or(0);
        // The first one of those who have as many.
        let most = counts.iter().rev().max_by_key(|(_, count)| **count);
        let most = most.map(|(name, count)| ((*name).to_owned(), *count));
        for (shard, lease) in &mut self.leases {
            if own < fair && lease.owner.is_none() && !lease.is_finished {
                lease.pass_to(Some(me.to_owned()));
                self.changed.insert(*shard);
                own += 1;
            }
        }
        let asks = self.leases.values().any(|lease| lease.wanted_by.as_deref() == Some(me));
        let Some((most, _)) = most.filter(|(_, count)| !asks && *count >= own + 2) else { return };
        let is_to_have = |lease: &LeaseRow| {
            !lease.is_finished && lease.wanted_by.is_none() && lease.owner.as_deref() == Some(most.as_str())
        };
        if let Some((shard, lease)) = self.leases.iter_mut().rev().find(|(_, lease)| is_to_have(lease)) {
            lease.wanted_by = Some(me.to_owned());
            self.changed.insert(*shard);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(100);

    fn rows(members: &[&str], leases: u32) -> Rows {
        let member = |name: &&str| ((*name).to_owned(), MemberRow::new(1, Timestamp::from_secs(130)));
        let leases = (0..leases).map(|shard| (ShardId::new(shard), LeaseRow::default())).collect();
        Rows { members: members.iter().map(member).collect(), leases, changed: BTreeSet::new() }
    }

    fn give(rows: &mut Rows) {
        for lease in rows.leases.values_mut() {
            if let Some(by) = lease.wanted_by.take() {
                lease.pass_to(Some(by));
            }
        }
    }

    fn shares(rows: &Rows) -> Vec<usize> {
        let of = |name: &String| rows.leases.values().filter(|lease| lease.owner.as_ref() == Some(name)).count();
        rows.members.keys().map(of).collect()
    }

    #[test]
    fn shares_become_fair_whoever_comes_when() {
        for (members, leases, fair) in [
            (&["a", "b", "c"][..], 7, &[2, 2, 3][..]),
            (&["a", "b"], 3, &[1, 2]),
            (&["a", "b", "c", "d"], 2, &[0, 0, 1, 1]),
            (&["a"], 5, &[5]),
        ] {
            let mut all = rows(&members[..1], leases);
            all.share("a");
            assert_eq!(shares(&all), [leases as usize], "one alone takes all");
            for name in &members[1..] {
                all.members.insert((*name).to_owned(), MemberRow::new(2, Timestamp::from_secs(130)));
            }
            for _ in 0..20 {
                members.iter().for_each(|name| all.share(name));
                give(&mut all);
            }
            let mut found = shares(&all);
            found.sort_unstable();
            assert_eq!(found, fair);
            all.changed.clear();
            members.iter().for_each(|name| all.share(name));
            assert!(all.changed.is_empty(), "a fair share is left as it is");
        }
    }

    #[test]
    fn a_member_asks_for_one_lease_at_a_time_and_takes_no_more_than_its_share() {
        let mut all = rows(&["a"], 6);
        all.share("a");
        all.members.insert("b".to_owned(), MemberRow::new(2, NOW));
        for _ in 0..3 {
            all.share("b");
            assert_eq!(all.leases.values().filter(|lease| lease.wanted_by.is_some()).count(), 1);
        }
        assert_eq!(all.bury("a", NOW), ["b"]);
        assert!(all.leases.values().all(|lease| lease.wanted_by.is_none()), "the dead want nothing");
        let mut free = rows(&["a", "b"], 5);
        free.share("a");
        assert_eq!(shares(&free), [3, 0]);
        free.share("b");
        assert_eq!(shares(&free), [3, 2]);
        let before: Vec<u64> = free.leases.values().map(|lease| lease.counter).collect();
        free.members.insert("b".to_owned(), MemberRow::new(1, NOW));
        free.bury("a", NOW);
        let after: Vec<u64> = free.leases.values().map(|lease| lease.counter).collect();
        assert_eq!(
            before.iter().zip(&after).filter(|(before, after)| before < after).count(),
            2,
            "they are fenced off"
        );
    }
}
