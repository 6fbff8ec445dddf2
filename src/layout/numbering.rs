//! Which slot ids a reader owns (rules 1 and 7), and which setting would give it more.

use std::collections::{HashMap, VecDeque};

use super::{Layout, Policy, ReaderSlots, ReaderView, SlotId};

/// The run of every reader ever seen: those of `previous` first, as they were, then the new ones in order.
/// Of readers with the same name the first given takes the first run, and so on.
pub(super) fn runs(
    previous: Option<&Layout>,
    readers: &[ReaderView<'_>],
    policy: &Policy,
) -> Vec<ReaderSlots> {
    let mut runs: Vec<ReaderSlots> = previous.map(|layout| layout.readers.clone()).unwrap_or_default();
    let mut known: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (position, run) in runs.iter_mut().enumerate() {
        run.index = None;
        known.entry(run.name.clone()).or_default().push_back(position);
    }
    for (index, reader) in readers.iter().enumerate() {
        let position = known.get_mut(reader.name).and_then(VecDeque::pop_front);
        match position.and_then(|position| runs.get_mut(position)) {
            Some(run) => run.index = Some(index),
            None => {
                let name = reader.name.to_owned();
                runs.push(ReaderSlots { name, index: Some(index), first: SlotId(0), count: 0 });
            }
        }
    }
    number(&mut runs, policy);
    runs
}

/// Gives the readers that have no slots yet theirs, behind all that are taken.
fn number(runs: &mut [ReaderSlots], policy: &Policy) {
    let limit = if policy.max_virtual_slots == 0 { u32::MAX } else { policy.max_virtual_slots };
    let mut next = runs.iter().map(|run| run.first.0.saturating_add(run.count)).max().unwrap_or(0);
    for run in runs.iter_mut().filter(|run| run.count == 0) {
        run.first = SlotId(next);
        if run.index.is_some() {
            run.count = policy.num_slots.min(limit.saturating_sub(next));
            next += run.count;
        }
    }
}

/// What a reader needs: its position among the runs, and how many slots.
pub(super) type SlotNeed = (usize, u32);

/// Slots of a whole run.
pub(super) fn whole_run(policy: &Policy) -> u32 {
    if policy.num_slots == 0 { Policy::default().num_slots } else { policy.num_slots }
}

/// The setting that would give every reader of `needs` so many slots without taking any from the others: the
/// largest number that one of them needs. `None` when the settings suffice: the next process has room.
pub(super) fn remedy(
    runs: &[ReaderSlots],
    policy: &Policy,
    needs: impl Iterator<Item = SlotNeed> + Clone,
) -> Option<String> {
    let num_slots = needs.clone().map(|(_, needed)| needed).fold(policy.num_slots, u32::max);
    let ends = needs.map(|(position, needed)| u64::from(num_slots) * position as u64 + u64::from(needed));
    let mut total = ends.max()?;
    let mut settings = Vec::new();
    if num_slots > policy.num_slots {
        settings.push(format!("num_slots = {num_slots}"));
        let served = runs.iter().filter(|run| run.count > 0).count() as u64;
        total = total.max(served * u64::from(num_slots));
    }
    if policy.max_virtual_slots != 0 && total > u64::from(policy.max_virtual_slots) {
        settings.push(format!("max_virtual_slots = {total}"));
    }
    (!settings.is_empty()).then(|| settings.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(num_slots: u32, max_virtual_slots: u32) -> Policy {
        Policy { num_slots, max_virtual_slots, ..Policy::default() }
    }

    fn counts(names: &[&str], policy: &Policy) -> Vec<(u32, u32)> {
        let readers: Vec<_> = names.iter().map(|name| ReaderView::empty(name)).collect();
        runs(None, &readers, policy).iter().map(|run| (run.first.0, run.count)).collect()
    }

    #[test]
    fn runs_follow_each_other_up_to_the_limit() {
        let names = ["a", "b", "c", "d"];
        assert_eq!(counts(&names, &policy(3, 8)), [(0, 3), (3, 3), (6, 2), (8, 0)]);
        assert_eq!(counts(&names, &policy(4, 8)), [(0, 4), (4, 4), (8, 0), (8, 0)]);
        assert_eq!(counts(&names, &policy(4, 0)), [(0, 4), (4, 4), (8, 4), (12, 4)]);
        assert_eq!(counts(&names, &policy(4, 2)), [(0, 2), (2, 0), (2, 0), (2, 0)]);
        assert_eq!(counts(&names, &policy(0, 8)), [(0, 0), (0, 0), (0, 0), (0, 0)]);
    }

    #[test]
    fn runs_of_absurd_numbers_do_not_overflow() {
        assert_eq!(counts(&["a", "b"], &policy(u32::MAX, 0)), [(0, u32::MAX), (u32::MAX, 0)]);
    }

    #[test]
    fn remedy_names_the_least_that_suffices() {
        let readers: Vec<_> = ["a", "b", "c"].iter().map(|name| ReaderView::empty(name)).collect();
        for (policy, position, needed, expected) in [
            (policy(4, 8), 2, None, "max_virtual_slots = 12"),
            (policy(3, 8), 2, Some(3), "max_virtual_slots = 9"),
            (policy(4, 0), 1, Some(5), "num_slots = 5"),
            (policy(4, 8), 0, Some(5), "num_slots = 5 and max_virtual_slots = 10"),
            (policy(4, 8), 2, Some(5), "num_slots = 5 and max_virtual_slots = 15"),
            (policy(0, 8), 0, None, "num_slots = 4"),
            (policy(0, 8), 2, None, "num_slots = 4 and max_virtual_slots = 12"),
        ] {
            let runs = runs(None, &readers, &policy);
            let needs = [(position, needed.unwrap_or(whole_run(&policy)))];
            assert_eq!(
                remedy(&runs, &policy, needs.into_iter()).as_deref(),
                Some(expected),
                "{policy:?} {position} {needed:?}"
            );
        }
    }

    #[test]
    fn remedy_of_several_needs_is_the_largest_number() {
        let readers: Vec<_> = ["a", "b", "c"].iter().map(|name| ReaderView::empty(name)).collect();
        for (policy, needs, expected) in [
            (policy(2, 8), [(0, 3), (0, 5)], "num_slots = 5 and max_virtual_slots = 15"),
            (policy(2, 0), [(2, 3), (0, 5)], "num_slots = 5"),
            (policy(4, 4), [(1, 4), (2, 4)], "max_virtual_slots = 12"),
        ] {
            let runs = runs(None, &readers, &policy);
            assert_eq!(
                remedy(&runs, &policy, needs.into_iter()).as_deref(),
                Some(expected),
                "{policy:?} {needs:?}"
            );
        }
        assert_eq!(remedy(&[], &policy(1, 1), std::iter::empty()), None);
    }
}
