//! The report as a page with the rows that were found.

use figures::{Page, Part, html};

use super::report::{Example, Finding, Report};
use super::table::where_it_is;

pub(crate) fn page(report: &Report) -> String {
    let mut parts = vec![Part::Text(format!("Checked: {}", report.raw)), splits(report)];
    if report.findings.is_empty() {
        parts.push(Part::Text("Nothing was found.".to_owned()));
    }
    report.findings.iter().for_each(|finding| parts.extend(of_finding(finding)));
    parts.extend(report.remarks.iter().cloned().map(Part::Text));
    html(&Page { title: format!("The dataset {}", report.dataset), parts })
}

fn splits(report: &Report) -> Part {
    let names = report.splits.first().map_or(&[][..], |split| &split.classes).iter().map(|class| class.label.clone());
    let head = ["split", "rows", "majority"].map(str::to_owned).into_iter().chain(names).collect();
    let row = |split: &super::report::SplitFigures| {
        let majority = split.majority_rate.map_or("-".to_owned(), |rate| format!("{:.1} %", 100.0 * rate));
        let classes = split.classes.iter().map(|class| class.rows.to_string());
        [split.split.name().to_owned(), split.rows.to_string(), majority].into_iter().chain(classes).collect()
    };
    Part::Table { head, rows: report.splits.iter().map(row).collect() }
}

fn of_finding(finding: &Finding) -> Vec<Part> {
    let mut parts = vec![
        Part::Heading(finding.kind.name().to_owned()),
        Part::Text(format!("{} {} ({:.2} %)", finding.rows, finding.kind.meaning(), 100.0 * finding.share)),
    ];
    parts.extend(finding.remarks.iter().cloned().map(Part::Text));
    if !finding.examples.is_empty() {
        let head = ["row", "label", "text", "other row", "label", "text"].map(str::to_owned).to_vec();
        let n_shown = finding.examples.len();
        let first = format!("The first {n_shown} of them:");
        parts.extend((n_shown < finding.rows).then_some(Part::Text(first)));
        parts.push(Part::Table { head, rows: finding.examples.iter().map(cells).collect() });
    }
    parts
}

fn cells(example: &Example) -> Vec<String> {
    let rows = [Some(&example.row), example.other.as_ref()];
    let cells = rows.into_iter().flat_map(|row| match row {
        Some(row) => [where_it_is(row), row.label.clone().unwrap_or_default(), row.text.clone()],
        None => [String::new(), String::new(), String::new()],
    });
    cells.collect()
}
