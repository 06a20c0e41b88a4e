//! Draws a chart as SVG from JSON, standard input to standard output: for `just bench`.
//!
//!     {"bars": {"title": "", "unit": "", "groups": [["name", [["series", 1.0]]]]}}
//!     {"curves": {"title": "", "x_label": "", "panels": [{"title": "", "y_label": "", "series": [["name", [[1.0, 2.0]]]]}]}}

use std::io::{Read, Write, stdin, stdout};

use figures::{Bar, BarChart, BarGroup, Curves, Panel, Series, Style, bar_chart, curves};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Chart {
    Bars { title: String, unit: String, groups: Vec<(String, Vec<(String, f64)>)> },
    Curves { title: String, x_label: String, panels: Vec<LinePanel> },
}

#[derive(Deserialize)]
struct LinePanel {
    title: String,
    y_label: String,
    series: Vec<(String, Vec<(f64, f64)>)>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let drawn = match serde_json::from_str(&text)? {
        Chart::Bars { title, unit, groups } => bar_chart(&BarChart {
            title,
            unit,
            groups: groups.into_iter().map(|(name, bars)| group(name, bars)).collect(),
        }),
        Chart::Curves { title, x_label, panels } => {
            curves(&Curves { title, x_label, panels: panels.into_iter().map(panel).collect(), ..Curves::default() })
        }
    };
    Ok(stdout().write_all(drawn.as_bytes())?)
}

fn group(name: String, bars: Vec<(String, f64)>) -> BarGroup {
    BarGroup { name, bars: bars.into_iter().map(|(series, value)| Bar { series, value }).collect() }
}

fn panel(panel: LinePanel) -> Panel {
    let series = panel.series.into_iter().map(|(name, points)| Series { name, points, style: Style::Markers });
    Panel { title: panel.title, y_label: panel.y_label, series: series.collect(), log_y: false }
}
