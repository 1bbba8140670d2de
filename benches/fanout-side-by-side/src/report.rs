//! The tables, as Markdown.

use crate::{
    linked,
    measure::{Figure, Line},
    sns,
    store::{Promise, QUEUES, Subject},
};

pub(crate) fn settings(subjects: &[Subject]) {
    for subject in subjects {
        println!("- **{}**: {}", title(subject), subject.settings);
    }
    println!("\nWhere the name has a †, a power cut may take acknowledged messages away.\n");
}

/// The rates, their ratios, and the times of one size of messages.
pub(crate) fn fanout(bytes: usize, subjects: &[Subject], lines: &[Line]) {
    println!("### Messages of {bytes} bytes to {QUEUES} queues\n");
    table("messages published a second", subjects, lines, |figure| thousands(figure.rate));
    println!("### Messages of {bytes} bytes: how many times as many as\n");
    println!("| publishers | batch | | the rivals that sync | RabbitMQ, all | moto, raw † |");
    println!("|--:|--:|---|--:|--:|--:|");
    for line in lines {
        for name in [linked::RAW, linked::ENVELOPED, sns::MILLPOND_RAW] {
            let Some(rate) = rate(name, subjects, line) else { continue };
            let against = |counts: &dyn Fn(&Subject) -> bool| ratio(rate, subjects, line, counts);
            println!(
                "| {} | {} | {name} | {} | {} | {} |",
                line.shape.publishers,
                line.shape.batch,
                against(&|subject| subject.promise == Promise::Synced),
                against(&|subject| subject.name.starts_with("RabbitMQ")),
                against(&|subject| subject.name == sns::MOTO_RAW),
            );
        }
    }
    println!("\nThe best of all lines, whatever the number of publishers and the batch:\n");
    for name in [linked::RAW, linked::ENVELOPED, sns::MILLPOND_RAW] {
        let best = |counts: &dyn Fn(&Subject) -> bool| {
            let pairs = lines.iter().flat_map(|line| subjects.iter().zip(&line.figures));
            let figures = pairs
                .filter(|(subject, _)| counts(subject))
                .filter_map(|(subject, figure)| Some((subject, (*figure)?)));
            figures.max_by(|(_, one), (_, other)| one.rate.total_cmp(&other.rate))
        };
        let rival = best(&|subject| !subject.is_millpond());
        if let (Some((_, own)), Some((rival, theirs))) = (best(&|subject| subject.name == name), rival) {
            let (own, theirs) = (own.rate, theirs.rate);
            println!(
                "- {name}: {} a second, {:.1}× {} ({})",
                thousands(own),
                own / theirs,
                title(rival),
                thousands(theirs)
            );
        }
    }
    println!("\n### Messages of {bytes} bytes: how long a publish takes\n");
    table("p50 / p99 in milliseconds", subjects, lines, |figure| {
        format!("{} / {}", milliseconds(figure.p50), milliseconds(figure.p99))
    });
}

fn table(what: &str, subjects: &[Subject], lines: &[Line], cell: impl Fn(&Figure) -> String) {
    let columns: Vec<_> = subjects.iter().map(title).collect();
    println!("| {what} | publishers | batch | {} |", columns.join(" | "));
    println!("|---|--:|--:|{}", "--:|".repeat(columns.len()));
    for line in lines {
        let cells: Vec<_> =
            line.figures.iter().map(|figure| figure.as_ref().map_or_else(|| "–".to_owned(), &cell)).collect();
        println!("| | {} | {} | {} |", line.shape.publishers, line.shape.batch, cells.join(" | "));
    }
    println!();
}

fn title(subject: &Subject) -> String {
    match subject.promise {
        Promise::Synced => subject.name.to_owned(),
        Promise::NotSynced => format!("{} †", subject.name),
    }
}

fn rate(name: &str, subjects: &[Subject], line: &Line) -> Option<f64> {
    let found = subjects.iter().zip(&line.figures).find(|(subject, _)| subject.name == name)?;
    Some(found.1.as_ref()?.rate)
}

/// To the best rival of those that count.
fn ratio(rate: f64, subjects: &[Subject], line: &Line, counts: &dyn Fn(&Subject) -> bool) -> String {
    let rivals = subjects.iter().zip(&line.figures).filter(|(subject, _)| !subject.is_millpond() && counts(subject));
    let best = rivals
        .filter_map(|(subject, figure)| Some((subject, figure.as_ref()?.rate)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.map_or_else(|| "–".to_owned(), |(rival, best)| format!("{:.1}× {}", rate / best, rival.name))
}

fn milliseconds(seconds: f64) -> String {
    match seconds * 1000.0 {
        none if none.is_nan() => "–".to_owned(),
        few if few < 10.0 => format!("{few:.2}"),
        many => thousands(many),
    }
}

fn thousands(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
