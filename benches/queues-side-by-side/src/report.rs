//! The tables, as Markdown.

use crate::{
    drain::Drained,
    flow::{Figure, Line},
    linked::{PIPELINED, WAITING},
    queue::{Promise, Subject},
};

pub(crate) fn settings(subjects: &[Subject]) {
    for subject in subjects {
        println!("- **{}**: {}", title(subject), subject.settings);
    }
    println!("\nWhere the name has a †, a power cut may take acknowledged messages away.\n");
}

/// The rates and the times of one size of bodies.
pub(crate) fn flow(title: &str, subjects: &[Subject], lines: &[Line]) {
    println!("### {title}\n");
    head(
        "messages a second",
        subjects,
        &["linked, to the best that syncs", "pipelined, to the best that syncs", "the same, to the best"],
    );
    for line in lines {
        let rates = line.figures.iter().map(|figure| thousands(figure.rate));
        let syncs = |subject: &Subject| subject.promise == Promise::Synced;
        let ratios = [
            ratio(WAITING, subjects, &line.figures, &syncs),
            ratio(PIPELINED, subjects, &line.figures, &syncs),
            ratio(PIPELINED, subjects, &line.figures, &|_| true),
        ];
        row(line, rates.chain(ratios));
    }
    println!("\n### {title}: from the start of the send to the receive\n");
    head("p50 / p99 in milliseconds", subjects, &[]);
    for line in lines {
        row(
            line,
            line.figures.iter().map(|figure| format!("{} / {}", milliseconds(figure.p50), milliseconds(figure.p99))),
        );
    }
    println!();
}

pub(crate) fn drain(title: &str, drained: &[(&Subject, Drained)]) {
    println!("### {title}\n");
    let tenths: Vec<_> = (1..=10).map(|tenth| format!("{tenth}/10")).collect();
    println!("| messages a second | filled | {} |", tenths.join(" | "));
    println!("|---|--:|{}", "--:|".repeat(tenths.len()));
    for (subject, drained) in drained {
        let rates: Vec<_> = drained.tenths.iter().map(|rate| thousands(*rate)).collect();
        println!("| {} | {} | {} |", self::title(subject), thousands(drained.filled), rates.join(" | "));
    }
    println!();
}

fn head(what: &str, subjects: &[Subject], more: &[&str]) {
    let columns = subjects.iter().map(title).chain(more.iter().map(|&column| column.to_owned()));
    let columns: Vec<_> = columns.collect();
    println!("| {what} | producers | batch | {} |", columns.join(" | "));
    println!("|---|--:|--:|{}", "--:|".repeat(columns.len()));
}

fn row(line: &Line, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    println!("| | {} | {} | {} |", line.shape.producers, line.shape.batch, cells.join(" | "));
}

fn title(subject: &Subject) -> String {
    match subject.promise {
        Promise::Synced => subject.name.to_owned(),
        Promise::NotSynced => format!("{} †", subject.name),
    }
}

/// A linked Millpond to the best rival of those that count.
fn ratio(name: &str, subjects: &[Subject], figures: &[Figure], counts: &dyn Fn(&Subject) -> bool) -> String {
    let linked = subjects.iter().zip(figures).find(|(subject, _)| subject.name == name);
    let rivals = subjects.iter().zip(figures).filter(|(subject, _)| !subject.is_millpond() && counts(subject));
    let best = rivals.max_by(|(_, one), (_, other)| one.rate.total_cmp(&other.rate));
    match (linked, best) {
        (Some((_, linked)), Some((rival, best))) => format!("{:.1}× {}", linked.rate / best.rate, rival.name),
        _ => "–".to_owned(),
    }
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
