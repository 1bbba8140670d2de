//! The tables, as Markdown.

use crate::measure::{Figures, Line};

pub(crate) fn print(title: &str, subjects: &[(&str, &str)], lines: &[Line]) {
    println!("### {title}\n");
    let promises: Vec<_> = subjects.iter().map(|(name, promise)| format!("{name}: {promise}")).collect();
    println!("An acknowledged write is: {}.\n", promises.join("; "));
    let names: Vec<_> = subjects.iter().map(|(name, _)| *name).collect();
    let ratios: Vec<_> = names.iter().skip(1).map(|name| format!("to {name}")).collect();
    let header = |first: &str, more: &[String]| {
        let columns: Vec<_> = names.iter().map(|name| (*name).to_owned()).chain(more.iter().cloned()).collect();
        println!("| {first} | threads | {} |", columns.join(" | "));
        println!("|---|--:|{}", "--:|".repeat(columns.len()));
    };
    header("documents or operations a second", &ratios);
    for line in lines {
        let rates: Vec<_> = line.figures.iter().map(|figures| cell(figures, |it| thousands(it.rate))).collect();
        let (first, others) = line.figures.split_first().unwrap_or((&None, &[]));
        let ratios: Vec<_> = others
            .iter()
            .map(|other| match (first, other) {
                (Some(first), Some(other)) => format!("{:.2}×", first.rate / other.rate),
                _ => "–".to_owned(),
            })
            .collect();
        let all: Vec<_> = rates.into_iter().chain(ratios).collect();
        println!("| {} | {} | {} |", line.name, line.threads, all.join(" | "));
    }
    println!();
    header("p50 of a call in microseconds", &[]);
    for line in lines {
        let times: Vec<_> = line.figures.iter().map(|figures| cell(figures, |it| microseconds(it.p50))).collect();
        println!("| {} | {} | {} |", line.name, line.threads, times.join(" | "));
    }
    println!();
}

fn cell(figures: &Option<Figures>, text: impl Fn(&Figures) -> String) -> String {
    figures.as_ref().map_or_else(|| "–".to_owned(), text)
}

fn microseconds(time: f64) -> String {
    if time < 100.0 { format!("{time:.1}") } else { thousands(time) }
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
