//! The tables, as Markdown.

use crate::{measure::Line, store::Subject};

pub(crate) fn print(title: &str, subjects: &[Subject], lines: &[Line]) {
    println!("### {title}\n");
    let promises: Vec<_> = subjects.iter().map(|subject| format!("{}: {}", subject.name, subject.promise)).collect();
    println!("An acknowledged write is: {}.\n", promises.join("; "));
    let names: Vec<_> = subjects.iter().map(|subject| subject.name).collect();
    let ratios: Vec<_> = names.iter().skip(1).map(|name| format!("to {name}")).collect();
    println!("| operations a second | clients | {} | {} |", names.join(" | "), ratios.join(" | "));
    println!("|---|--:|{}", "--:|".repeat(names.len() + ratios.len()));
    for line in lines {
        let rates: Vec<_> = line.rates.iter().map(|rate| thousands(*rate)).collect();
        let (first, others) = line.rates.split_first().unwrap_or((&f64::NAN, &[]));
        let ratios: Vec<_> = others.iter().map(|other| format!("{:.1}×", first / other)).collect();
        let (name, clients) = (line.name, line.clients);
        println!("| {name} | {clients} | {} | {} |", rates.join(" | "), ratios.join(" | "));
    }
    println!();
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
