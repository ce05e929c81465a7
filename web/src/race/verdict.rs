//! Who won, in a sentence; and the figures of each lane as a table has them. Pure.

use super::contest::Contest;
use super::heat::{Finish, Heat, redundancy};
use crate::lab::setup::group;
use crate::lab::standing::bytes;
use rumormill_core::sort::sort_by;

/// What there is to say of a race as it stands.
pub fn sentence(contest: &Contest, heats: &[Heat]) -> String {
    if heats.iter().all(|heat| heat.frame.spread.since_us.is_none()) {
        return "Nothing has been written yet.".to_owned();
    }
    let mut order: Vec<(usize, Finish)> =
        heats.iter().enumerate().filter_map(|(index, heat)| Some((index, heat.finish?))).collect();
    sort_by(&mut order, |(_, a), (_, b)| a.took_us.cmp(&b.took_us));
    let mut said = Vec::new();
    if let Some((first, finish)) = order.first() {
        let rest: Vec<String> =
            order[1..].iter().map(|(index, other)| against(contest, *index, other, finish)).collect();
        let winner = format!(
            "{} was first: {} after {} with {} messages",
            contest.name(*first),
            of(finish.informed, heats[*first].reached().1),
            millis(finish.took_us),
            group(finish.payload)
        );
        said.push(if rest.is_empty() { winner } else { format!("{winner}; {}", rest.join("; ")) });
        if let Some((cheapest, cost)) = order.iter().min_by_key(|(_, finish)| finish.payload)
            && cost.payload < finish.payload
        {
            said.push(format!(
                "{} used the fewest: {} messages",
                contest.name(*cheapest),
                group(cost.payload)
            ));
        }
    }
    let open = |stuck: bool| {
        heats.iter().enumerate().filter(move |(_, heat)| heat.finish.is_none() && heat.is_stuck() == stuck)
    };
    for (index, heat) in open(true) {
        let (informed, up) = heat.reached();
        said.push(format!("{} stopped at {}: nothing repairs it", contest.name(index), of(informed, up)));
    }
    let running: Vec<String> = open(false)
        .map(|(index, heat)| {
            let (informed, up) = heat.reached();
            format!("{} {}", contest.name(index), of(informed, up))
        })
        .collect();
    if !running.is_empty() {
        let still = if said.is_empty() { "Under way" } else { "Still under way" };
        said.push(format!("{still}: {}", running.join(", ")));
    }
    format!("{}.", said.join(". "))
}

/// `Push needed 840 ms and 10 times as many`.
fn against(contest: &Contest, index: usize, other: &Finish, first: &Finish) -> String {
    let times = other.payload as f64 / first.payload.max(1) as f64;
    let cost = if (0.95..1.05).contains(&times) {
        let about = if other.payload == first.payload { "" } else { "about " };
        format!("{about}as many messages")
    } else if times >= 1.0 {
        format!("{} times as many messages", rounded(times))
    } else {
        format!("{:.0}\u{a0}% as many messages", times * 100.0)
    };
    format!("{} needed {} and {cost}", contest.name(index), millis(other.took_us))
}

fn rounded(times: f64) -> String {
    if times < 9.95 { format!("{times:.1}") } else { format!("{times:.0}") }
}

/// A span of time, for people: `62 ms`, `1.2 s`. No line breaks before the unit.
pub fn millis(us: u64) -> String {
    match us {
        0..1_000 => format!("{us}\u{a0}µs"),
        1_000..1_000_000 => format!("{}\u{a0}ms", (us + 500) / 1_000),
        _ => format!("{:.1}\u{a0}s", us as f64 / 1e6),
    }
}

fn of(part: u32, whole: u32) -> String {
    format!("{} of {}", group(u64::from(part)), group(u64::from(whole)))
}

/// The columns of a lane's figures.
pub const COLUMNS: [&str; 6] = ["Reached", "All after", "Messages", "Bytes", "Redundancy", "Hops"];

/// A lane's figures: once all have the write those of that moment, until then those of now.
pub fn figures(heat: &Heat) -> [String; 6] {
    let (informed, up) = heat.reached();
    let last = heat.since().last();
    let now = heat.finish.or(last.map(|last| Finish {
        informed,
        payload: last.payload,
        bytes: last.bytes,
        arrived: last.arrived,
        hops: heat.frame.spread.hops,
        took_us: 0,
    }));
    let took = match heat.finish {
        Some(finish) => millis(finish.took_us),
        None if heat.is_stuck() => "never".to_owned(),
        None => "–".to_owned(),
    };
    let Some(now) = now else {
        return [of(informed, up), took, "–".into(), "–".into(), "–".into(), "–".into()];
    };
    let others = now.informed.saturating_sub(1);
    let redundancy =
        if others == 0 { "–".to_owned() } else { format!("{:.2}", redundancy(now.arrived, others)) };
    [of(informed, up), took, group(now.payload), bytes(now.bytes), redundancy, now.hops.to_string()]
}

#[cfg(test)]
mod tests {
    use super::super::contest;
    use super::*;
    use rumormill_core::{Mode, Strategy};

    fn heat(informed: u32, repairs: bool, finish: Option<(u64, u64)>) -> Heat {
        let mut heat = Heat::default();
        heat.frame.spread.since_us = Some(500_000);
        (heat.frame.spread.informed, heat.frame.spread.up) = (informed, 100);
        (heat.frame.spread.repairs, heat.frame.spread.owed) = (repairs, repairs);
        heat.finish = finish.map(|(took_us, payload)| Finish {
            took_us,
            informed,
            payload,
            bytes: 9_000,
            arrived: payload,
            hops: 7,
        });
        heat
    }

    fn plain(words: &str) -> String {
        words.replace('\u{a0}', " ")
    }

    #[track_caller]
    fn check(heats: [Heat; 3], expected: &str) {
        assert_eq!(plain(&sentence(&Contest::default(), &heats)), expected);
    }

    #[test]
    fn the_verdict_says_who_won_and_what_the_others_needed() {
        check(
            [
                heat(100, false, Some((62_000, 99))),
                heat(100, true, Some((410_000, 99))),
                heat(100, true, Some((840_000, 990))),
            ],
            "Tree was first: 100 of 100 after 62 ms with 99 messages; Push-pull needed 410 ms and as many messages; \
             Push needed 840 ms and 10 times as many messages.",
        );
        check(
            [
                heat(100, false, Some((62_000, 198))),
                heat(74, true, None),
                heat(100, true, Some((1_840_000, 99))),
            ],
            "Tree was first: 100 of 100 after 62 ms with 198 messages; Push needed 1.8 s and 50 % as many messages. \
             Push used the fewest: 99 messages. Still under way: Push-pull 74 of 100.",
        );
    }

    #[test]
    fn who_cannot_go_on_is_named() {
        check(
            [heat(74, false, None), heat(80, true, None), heat(3, true, None)],
            "Tree stopped at 74 of 100: nothing repairs it. Still under way: Push-pull 80 of 100, Push 3 of 100.",
        );
        check(
            [heat(7, true, None), heat(80, true, None), heat(3, true, None)],
            "Under way: Tree 7 of 100, Push-pull 80 of 100, Push 3 of 100.",
        );
        let quiet = [Heat::default(), Heat::default(), Heat::default()];
        check(quiet, "Nothing has been written yet.");
    }

    #[test]
    fn twins_are_told_apart() {
        let contest =
            Contest { lanes: vec![contest::lane(Strategy::Tree, Mode::Push); 2], ..Contest::default() };
        let heats = [heat(100, false, Some((62_000, 99))), heat(100, false, Some((63_000, 150)))];
        assert!(plain(&sentence(&contest, &heats)).contains("Tree (B) needed 63 ms and 1.5 times"));
    }

    #[test]
    fn figures_stand_at_the_finish() {
        let done = heat(100, false, Some((62_000, 198)));
        assert_eq!(
            figures(&done).map(|figure| plain(&figure)),
            ["100 of 100", "62 ms", "198", "9.0 kB", "1.00", "7"]
        );
        assert_eq!(figures(&heat(74, false, None))[1], "never");
        assert_eq!([999, 62_400, 1_250_000].map(|us| plain(&millis(us))), ["999 µs", "62 ms", "1.2 s"]);
    }
}
