//! The tables, as Markdown.

use crate::{
    append::{self, Line},
    kinesis::{FERROKINESIS_IN_MEMORY, FERROKINESIS_ON_DISK, MILLPOND_IN_MEMORY, MILLPOND_ON_DISK, Server},
    linked::LINKED,
    measure::Figure,
    raw,
    record::BYTES,
    served,
    store::{Promise, Subject},
};

/// Of a record.
#[expect(clippy::cast_precision_loss)]
const GIGABYTES: f64 = BYTES as f64 / 1e9;

pub(crate) fn settings(subjects: &[&Subject], servers: &[Server]) {
    for subject in subjects {
        println!("- **{}**: {}", title(subject.name, subject.promise), subject.settings);
    }
    for server in servers {
        println!("- **{}**: {}", title(server.name, server.promise), server.settings);
    }
    println!("\nWhere the name has a †, a power cut may take acknowledged records away.\n");
}

/// Rates of appends, and what the calls took.
pub(crate) fn append(title: &str, subjects: &[Subject], lines: &[Line]) {
    let columns = || {
        [raw::NAME.to_owned(), format!("{}, {} a sync", raw::NAME, append::LARGE)]
            .into_iter()
            .chain(subjects.iter().map(|subject| self::title(subject.name, subject.promise)))
    };
    let cells = |line: &Line, cell: fn(Figure) -> String| {
        let figures = [line.raw, line.raw_large].into_iter().chain(line.figures.iter().copied());
        figures.map(|figure| shown(figure, cell)).collect::<Vec<_>>()
    };
    println!("### {title}\n");
    let ratios = [
        "linked, of the raw file",
        "linked, of the other raw file",
        "linked, to the best that syncs",
        "linked, to the best",
    ];
    head("records a second | producers |", columns().chain(ratios.iter().map(|&column| column.to_owned())));
    for line in lines {
        let linked = figure_of(subjects, &line.figures, LINKED);
        let of = |raw: Option<Figure>| {
            linked.zip(raw).map_or_else(none, |(ours, raw)| format!("{:.2}×", ours.rate / raw.rate))
        };
        let ratios = [
            of(line.raw),
            of(line.raw_large),
            to_best(linked, subjects, &line.figures, |subject| subject.promise == Promise::Synced),
            to_best(linked, subjects, &line.figures, |_| true),
        ];
        row(shape(line), cells(line, |figure| thousands(figure.rate)).into_iter().chain(ratios));
    }
    println!("\n### {title}: from the call to its return; pipelined, to the acknowledgement\n");
    head("p50 / p99 in milliseconds | producers |", columns());
    for line in lines {
        row(shape(line), cells(line, times).into_iter());
    }
    println!();
}

fn shape(line: &Line) -> String {
    let append::Shape { producers, how } = line.shape;
    format!("{how} | {producers}")
}

pub(crate) fn tail(title: &str, subjects: &[Subject], figures: &[Option<Figure>]) {
    println!("### {title}\n");
    head(
        "one thread | GB/s |",
        ["records a second", "p50 / p99 of a page in milliseconds"].map(str::to_owned).into_iter(),
    );
    for (subject, figure) in subjects.iter().zip(figures) {
        let name = self::title(subject.name, subject.promise);
        let gigabytes = shown(*figure, |figure| format!("{:.2}", figure.rate * GIGABYTES));
        let rest = [shown(*figure, |figure| thousands(figure.rate)), shown(*figure, times)];
        row(format!("{name} | {gigabytes}"), rest.into_iter());
    }
    println!();
}

pub(crate) fn served(title: &str, servers: &[Server], lines: &[served::Line]) {
    let columns = || servers.iter().map(|server| self::title(server.name, server.promise));
    let ratios = [
        (MILLPOND_IN_MEMORY, FERROKINESIS_IN_MEMORY),
        (MILLPOND_ON_DISK, FERROKINESIS_IN_MEMORY),
        (MILLPOND_ON_DISK, FERROKINESIS_ON_DISK),
    ];
    println!("### {title}\n");
    let names = ratios.iter().map(|(ours, theirs)| format!("{ours}, to {theirs}"));
    head("records a second | clients |", columns().chain(names));
    for line in lines {
        let of = |name| servers.iter().zip(&line.figures).find(|(server, _)| server.name == name)?.1.as_ref();
        let ratio = |(ours, theirs)| Some(format!("{:.1}×", of(ours)?.rate / of(theirs)?.rate));
        let ratios = ratios.into_iter().map(|pair| ratio(pair).unwrap_or_else(none));
        let rates = line.figures.iter().map(|figure| shown(*figure, |figure| thousands(figure.rate)));
        row(format!("{} | {}", line.operation, line.clients), rates.chain(ratios));
    }
    println!("\n### {title}: from the request to its answer\n");
    head("p50 / p99 in milliseconds | clients |", columns());
    for line in lines {
        let cells = line.figures.iter().map(|figure| shown(*figure, times));
        row(format!("{} | {}", line.operation, line.clients), cells);
    }
    println!();
}

/// `first` names the first two columns.
fn head(first: &str, columns: impl Iterator<Item = String>) {
    let columns: Vec<_> = columns.collect();
    println!("| {first} {} |", columns.join(" | "));
    println!("|---|--:|{}", "--:|".repeat(columns.len()));
}

fn row(first: String, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = std::iter::once(first).chain(cells).collect();
    println!("| {} |", cells.join(" | "));
}

fn title(name: &str, promise: Promise) -> String {
    match promise {
        Promise::Synced => name.to_owned(),
        Promise::NotSynced => format!("{name} †"),
    }
}

fn figure_of(subjects: &[Subject], figures: &[Option<Figure>], name: &str) -> Option<Figure> {
    *subjects.iter().zip(figures).find(|(subject, _)| subject.name == name)?.1
}

/// Millpond to the best rival of those that count.
fn to_best(
    linked: Option<Figure>,
    subjects: &[Subject],
    figures: &[Option<Figure>],
    counts: impl Fn(&Subject) -> bool,
) -> String {
    let rivals = subjects.iter().zip(figures).filter(|(subject, _)| !subject.is_millpond() && counts(subject));
    let rivals = rivals.filter_map(|(subject, figure)| Some((subject.name, (*figure)?.rate)));
    match (linked, rivals.max_by(|(_, one), (_, other)| one.total_cmp(other))) {
        (Some(linked), Some((name, best))) => format!("{:.1}× {name}", linked.rate / best),
        _ => none(),
    }
}

fn shown(figure: Option<Figure>, cell: impl Fn(Figure) -> String) -> String {
    figure.map_or_else(none, cell)
}

fn none() -> String {
    "–".to_owned()
}

fn times(figure: Figure) -> String {
    format!("{} / {}", milliseconds(figure.p50), milliseconds(figure.p99))
}

fn milliseconds(seconds: f64) -> String {
    match seconds * 1000.0 {
        no_number if no_number.is_nan() => none(),
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
