//! Colors: a palette for series, a sequential color map, and text colors that are readable on it.

/// The color of titles, names and values.
pub(crate) const TEXT: &str = "#1c2733";
/// The color of what explains them: axes, ticks, subtitles.
pub(crate) const FAINT_TEXT: &str = "#5b6773";

/// The palette of Okabe and Ito (2008), which color-blind readers can tell apart, from the most to the least visible on
/// white.
const PALETTE: [&str; 8] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442"];

/// The color of a series; beyond eight they repeat.
pub(crate) fn series(index: usize) -> &'static str {
    PALETTE[index % PALETTE.len()]
}

/// What is compared with, such as the line of chance, and the many that have no color of their own.
pub(crate) const REFERENCE: &str = "#8a949e";
/// What is highlighted, in every chart.
pub(crate) const HIGHLIGHT: &str = PALETTE[1];

/// Above the 3 that WCAG 2.1 requires of large text.
const MIN_CONTRAST: f64 = 3.5;

/// A color in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb([u8; 3]);

impl Rgb {
    pub(crate) const WHITE: Self = Self([255; 3]);
    pub(crate) const DARK: Self = Self([0x1c, 0x27, 0x33]);
    /// For a cell without a value.
    pub(crate) const BLANK: Self = Self([0xf1, 0xf3, 0xf5]);

    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The color of text on this background: white as soon as it is readable, else dark.
    ///
    /// On a medium blue the eye prefers white, although the contrast ratio would favor dark text for longer.
    pub(crate) fn text_color(self) -> Self {
        if self.contrast(Self::WHITE) >= MIN_CONTRAST {
            return Self::WHITE;
        }
        Self::DARK
    }

    /// The contrast ratio of WCAG 2.1, from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (left, right) = (self.luminance(), other.luminance());
        (left.max(right) + 0.05) / (left.min(right) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.040_45 {
                return channel / 12.92;
            }
            ((channel + 0.055) / 1.055).powf(2.4)
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// The sequential color map: the blue of a fraction in `[0, 1]`, from nearly white to dark.
///
/// Lightness falls evenly in Oklab, so that equal differences of the fraction look equal.
pub(crate) fn sequential(fraction: f64) -> Rgb {
    let fraction = fraction.clamp(0.0, 1.0);
    let lightness = 0.965 - 0.60 * fraction;
    let chroma = 0.012 + 0.33 * fraction * (1.0 - 0.67 * fraction);
    let hue = 252.0_f64.to_radians();
    oklab([lightness, chroma * hue.cos(), chroma * hue.sin()])
}

/// Oklab to sRGB (Ottosson 2020, "A perceptual color space for image processing").
fn oklab([lightness, a, b]: [f64; 3]) -> Rgb {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    let linear = [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short,
    ];
    Rgb(linear.map(encode))
}

/// The transfer function of sRGB.
fn encode(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let channel = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (channel * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oklab_meets_srgb_at_known_colors() {
        assert_eq!(oklab([1.0, 0.0, 0.0]), Rgb::WHITE);
        assert_eq!(oklab([0.452_014, -0.032_456, -0.311_528]), Rgb([0, 0, 255]));
    }

    #[test]
    fn text_is_readable_on_every_color_of_the_map() {
        for percent in 0..=100 {
            let color = sequential(f64::from(percent) / 100.0);
            assert!(color.contrast(color.text_color()) >= MIN_CONTRAST, "{percent} %: {color:?}");
        }
        assert_eq!(sequential(0.0).text_color().hex(), TEXT);
        assert_eq!(sequential(1.0).text_color(), Rgb::WHITE);
    }

    #[test]
    fn a_larger_fraction_is_darker() {
        let luminances: Vec<f64> = (0..=20).map(|step| sequential(f64::from(step) / 20.0).luminance()).collect();
        assert!(luminances.is_sorted_by(|left, right| left > right));
    }
}
