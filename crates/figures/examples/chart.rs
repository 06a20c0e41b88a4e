//! Draws a chart that comes as JSON on standard input, as SVG on standard output: for `just bench`.
//!
//!     {"bars": {"title": "", "unit": "", "groups": [["name", [["series", 1.0]]]]}}
//!     {"curves": {"title": "", "x_label": "", "panels": [{"title": "", "y_label": "", "series": [["name", [[1.0, 2.0]]]]}]}}

use std::io::{Read, Write, stdin, stdout};

use figures::{Bars, Curves, Panel, Series, Style, bar_chart, curves};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Chart {
    Bars { title: String, unit: String, groups: Vec<(String, Vec<(String, f64)>)> },
    Curves { title: String, x_label: String, panels: Vec<PanelOfLines> },
}

#[derive(Deserialize)]
struct PanelOfLines {
    title: String,
    y_label: String,
    series: Vec<(String, Vec<(f64, f64)>)>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let drawn = match serde_json::from_str(&text)? {
        Chart::Bars { title, unit, groups } => bar_chart(&Bars { title, unit, groups }),
        Chart::Curves { title, x_label, panels } => {
            curves(&Curves { title, x_label, panels: panels.into_iter().map(panel).collect(), ..Curves::default() })
        }
    };
    Ok(stdout().write_all(drawn.as_bytes())?)
}

fn panel(panel: PanelOfLines) -> Panel {
    let series = panel.series.into_iter().map(|(name, points)| Series { name, points, style: Style::Markers });
    Panel { title: panel.title, y_label: panel.y_label, series: series.collect(), log_y: false }
}
