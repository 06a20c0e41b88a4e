//! Verification in the card: a row for each file, or that none was run.

use checkpoint::OutputKind;
use run_files::verification::{ExportVerification, VerifiedFormat};
use stage::counted;

use crate::card_facts::Card;

pub(super) fn section(card: &Card<'_>) -> String {
    let Some(verification) = card.verification else {
        return "## Verification\n\nThe files were written, and not run: exported without `--tokens`.\n\n".to_owned();
    };
    let ExportVerification { dataset, split, n, figure, value, .. } = verification;
    let figure_of_model = figure.as_ref().zip(value.as_ref());
    let of_model =
        figure_of_model.map_or(String::new(), |(figure, value)| format!(", where it has {figure} {value:.4}"));
    let figure = figure.as_deref().unwrap_or("figure");
    let flip = match card.kind() {
        OutputKind::Class => {
            "A flip is a label that is another one; ties, whose margin is at most 1e-4, are not counted."
        }
        OutputKind::Labels => {
            "A flip is a text of which a label comes to the other side of a half; ties, at most 1e-4 from it, are not counted."
        }
        OutputKind::Score => {
            "A flip is a score that moves by more than 1e-4 (of its size, where that is above 1), in files that are not float32 by \
             more than a tenth of the scores' standard deviation."
        }
    };
    let rows: String = verification.formats.iter().map(row).collect();
    format!(
        "## Verification\n\nEvery file was loaded again and run over the {split} split of {dataset} ({}), beside the model as it was \
         trained, in float32{of_model}. {flip}\n\n\
         | file | weights | bytes | computed by | largest difference | flips | allowed | {figure} |\n|---|---|---|---|---|---|---|---|\n\
         {rows}\n",
        counted(*n as u64, "text")
    )
}

fn row(format: &VerifiedFormat) -> String {
    let VerifiedFormat { file, dtype, bytes, runtime, max_difference, flips, max_flips, .. } = format;
    let file = file.strip_prefix("hf/").unwrap_or(file);
    let value = format.value.zip(format.change);
    let value = value.map_or("none".to_owned(), |(value, change)| format!("{value:.4} ({change:+.4})"));
    format!("| `{file}` | {dtype} | {bytes} | {runtime} | {max_difference:.1e} | {flips} | {max_flips} | {value} |\n")
}

/// A line for each format, for people.
pub(crate) fn verification_lines(verification: &ExportVerification) -> Vec<String> {
    let line = |format: &VerifiedFormat| {
        let figure = verification.figure.as_deref().zip(format.value.zip(format.change));
        let figure =
            figure.map_or(String::new(), |(name, (value, change))| format!(", {name} {value:.4} ({change:+.4})"));
        format!(
            "{} ({}): largest difference {:.1e}, {} of {} flip{figure}",
            format.format,
            format.dtype,
            format.max_difference,
            format.flips,
            counted(verification.n as u64, "text")
        )
    };
    verification.formats.iter().map(line).collect()
}
