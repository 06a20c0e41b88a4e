//! Colours: a palette for series, a scale for shares, and ink that can be read on it.

/// The colour of text that carries the message.
pub(crate) const INK: &str = "#1c2733";
/// The colour of text and lines that explain.
pub(crate) const FAINT_INK: &str = "#5b6773";

/// The palette of Okabe and Ito (2008), which colour-blind readers can tell apart, from the most to the least visible on
/// white.
const PALETTE: [&str; 8] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442"];

/// The colour of a series; beyond eight they repeat.
pub(crate) fn series(index: usize) -> &'static str {
    PALETTE[index % PALETTE.len()]
}

/// Above what WCAG 2.1 asks of large letters, which is 3.
const MIN_CONTRAST: f64 = 3.5;

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb([u8; 3]);

impl Rgb {
    pub(crate) const WHITE: Self = Self([255; 3]);
    pub(crate) const DARK: Self = Self([0x1c, 0x27, 0x33]);
    /// For a cell that has no share.
    pub(crate) const BLANK: Self = Self([0xf1, 0xf3, 0xf5]);

    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// White ink as soon as it can be read here, else dark ink.
    ///
    /// On a middle blue the eye prefers white, although the ratio of contrasts would have dark ink for longer.
    pub(crate) fn ink(self) -> Self {
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

/// The blue of a share in `[0, 1]`, from nearly white to dark.
///
/// Lightness falls evenly in Oklab, so that equal differences of the share look equal.
pub(crate) fn share(share: f64) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    let lightness = 0.965 - 0.60 * share;
    let chroma = 0.012 + 0.33 * share * (1.0 - 0.67 * share);
    let hue = 252.0_f64.to_radians();
    oklab([lightness, chroma * hue.cos(), chroma * hue.sin()])
}

/// Ottosson 2020, "A perceptual color space for image processing".
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
    fn ink_can_be_read_on_every_share() {
        for percent in 0..=100 {
            let color = share(f64::from(percent) / 100.0);
            assert!(color.contrast(color.ink()) >= MIN_CONTRAST, "{percent} %: {color:?}");
        }
        assert_eq!(share(0.0).ink().hex(), INK);
        assert_eq!(share(1.0).ink(), Rgb::WHITE);
    }

    #[test]
    fn a_larger_share_is_darker() {
        let luminances: Vec<f64> = (0..=20).map(|step| share(f64::from(step) / 20.0).luminance()).collect();
        assert!(luminances.is_sorted_by(|left, right| left > right));
    }
}
