//! A firm's two colours as a stylesheet in which everything can be read, whatever the colours are.

use std::fmt;

/// A colour of sRGB; `#1d4f91` in CSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The text is no [`Colour`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #1d4f91")]
pub struct InvalidColour;

/// What text needs against its ground (WCAG 2.2 SC 1.4.3, level AA).
pub const TEXT_CONTRAST: f64 = 4.5;

/// What the brand's colour has in the dark, where it is made lighter anyway: what level AAA asks of text (SC 1.4.6).
const IN_THE_DARK: f64 = 7.0;

/// White.
pub const WHITE: Colour = Colour::new(0xff, 0xff, 0xff);
/// Black.
pub const BLACK: Colour = Colour::new(0, 0, 0);

/// The grounds on which the brand's colour stands as text, in the light and in the dark; `assets/portal.css` has the same.
pub const LIGHT: [Colour; 2] = [WHITE, Colour::new(0xf4, 0xf5, 0xf7)];
/// See [`LIGHT`].
pub const DARK: [Colour; 2] = [Colour::new(0x17, 0x1c, 0x24), Colour::new(0x0f, 0x13, 0x19)];

/// Steps from a colour to black or white.
const STEPS: u32 = 64;

impl Colour {
    /// The colour of these parts.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
    #[must_use]
    pub fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// `steps` of [`STEPS`] on the way to `other`.
    fn towards(self, other: Self, steps: u32) -> Self {
        let part = |from: u8, to: u8| {
            let mixed = (u32::from(from) * (STEPS - steps) + u32::from(to) * steps + STEPS / 2) / STEPS;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Self::new(part(self.red, other.red), part(self.green, other.green), part(self.blue, other.blue))
    }

    /// The brightest of its hue: the same shares of red, green and blue, one of them full. Black has no hue.
    fn brightest(self) -> Self {
        let most = self.red.max(self.green).max(self.blue);
        let part = |part: u8| u8::try_from(u32::from(part) * 255 / u32::from(most.max(1))).unwrap_or(u8::MAX);
        if most == 0 { WHITE } else { Self::new(part(self.red), part(self.green), part(self.blue)) }
    }

    /// The nearest on the way through `stops` that can be read on each of `grounds`, or the last of them.
    fn legible(self, stops: &[Self], grounds: &[Self], contrast: f64) -> Self {
        let reads = |colour: &Self| grounds.iter().all(|ground| colour.contrast(*ground) >= contrast);
        let mut here = self;
        for stop in stops {
            if let Some(found) = (0..=STEPS).map(|steps| here.towards(*stop, steps)).find(reads) {
                return found;
            }
            here = *stop;
        }
        here
    }

    /// Black or white, whichever reads better on it: the better of the two has always at least 4.58 : 1, the root of 21.
    #[must_use]
    pub fn text_on(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }
}

impl TryFrom<&str> for Colour {
    type Error = InvalidColour;

    fn try_from(text: &str) -> Result<Self, InvalidColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(InvalidColour)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidColour);
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| InvalidColour)?.to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// The brand's colours as they are used with one set of grounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shades {
    /// Links, and the ground of buttons.
    pub brand: Colour,
    /// Text on it.
    pub on_brand: Colour,
    /// The same, pointed at.
    pub strong: Colour,
    /// Text on that.
    pub on_strong: Colour,
    /// The ground of what stands out.
    pub tint: Colour,
}

impl Shades {
    /// `away`: what ordinary text is nearest to.
    fn new(brand: Colour, away: Colour, tint: Colour) -> Self {
        let strong = brand.towards(away, STEPS / 5);
        Self { brand, on_brand: brand.text_on(), strong, on_strong: strong.text_on(), tint }
    }
}

/// A firm's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The one it is known by.
    pub main: Colour,
    /// The one beside it.
    pub second: Colour,
}

impl Brand {
    /// In the light.
    #[must_use]
    pub fn light(self) -> Shades {
        let tint = WHITE.towards(self.main, 4);
        let [paper, page] = LIGHT;
        Shades::new(self.main.legible(&[BLACK], &[paper, page, tint], TEXT_CONTRAST), BLACK, tint)
    }

    /// In the dark: first as bright as the hue can be, then paler, so that a dark blue becomes a light blue and no grey.
    #[must_use]
    pub fn dark(self) -> Shades {
        let [paper, page] = DARK;
        let tint = paper.towards(self.main, 8);
        let stops = [self.main.brightest(), WHITE];
        Shades::new(self.main.legible(&stops, &[paper, page, tint], IN_THE_DARK), WHITE, tint)
    }

    /// `/{tenant}/brand.css`. The bar has the very colours, and black or white on them.
    #[must_use]
    pub fn stylesheet(self) -> String {
        let Self { main, second } = self;
        let on_bar = main.text_on();
        format!(
            ":root{{--bar:{main};--on-bar:{on_bar};--bar-second:{second};{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
            self.light(),
            self.dark()
        )
    }
}

impl fmt::Display for Shades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { brand, on_brand, strong, on_strong, tint } = self;
        write!(
            f,
            "--brand:{brand};--on-brand:{on_brand};--brand-strong:{strong};--on-brand-strong:{on_strong};--tint:{tint}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_colour() -> impl Strategy<Value = Colour> {
        any::<[u8; 3]>().prop_map(|[red, green, blue]| Colour::new(red, green, blue))
    }

    proptest! {
        #[test]
        fn everything_can_be_read(main in any_colour(), second in any_colour()) {
            let brand = Brand { main, second };
            prop_assert!(main.text_on().contrast(main) >= TEXT_CONTRAST);
            for (shades, [paper, page]) in [(brand.light(), LIGHT), (brand.dark(), DARK)] {
                let Shades { brand, on_brand, strong, on_strong, tint } = shades;
                let pairs = [(brand, paper), (brand, page), (brand, tint), (on_brand, brand), (on_strong, strong), (strong, paper), (strong, page), (strong, tint)];
                for (text, ground) in pairs {
                    prop_assert!(text.contrast(ground) >= TEXT_CONTRAST, "{text} on {ground} of {main}");
                }
            }
        }

        #[test]
        fn ordinary_text_can_be_read_on_every_tint(main in any_colour()) {
            let brand = Brand { main, second: main };
            // `--ink` and `--soft` of assets/portal.css.
            for (text, ground) in [("#1a2230", brand.light().tint), ("#4d5766", brand.light().tint), ("#e9ecf1", brand.dark().tint), ("#b3bcc9", brand.dark().tint)] {
                prop_assert!(crate::style::OWN.contains(text));
                let text = Colour::try_from(text).unwrap();
                prop_assert!(text.contrast(ground) >= TEXT_CONTRAST, "{text} on {ground} of {main}");
            }
        }

        #[test]
        fn a_colour_is_read_as_it_is_written(colour in any_colour()) {
            prop_assert_eq!(Colour::try_from(colour.to_string().as_str()), Ok(colour));
        }
    }

    #[test]
    fn a_colour_that_reads_is_left_as_it_is() {
        let navy = Colour::try_from("#1d4f91").unwrap();
        assert_eq!(Brand { main: navy, second: navy }.light().brand, navy);
    }

    /// The examples of WCAG's own definition.
    #[test]
    fn contrast_as_defined() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        let grey = Colour::try_from("#767676").unwrap().contrast(WHITE);
        assert!((4.54..4.55).contains(&grey), "{grey}");
    }

    #[test]
    fn what_is_no_colour() {
        for text in ["", "#fff", "1d4f91", "#1d4f9", "#1d4f9g", "#+1d4f9", "#1d4f911", "red;}"] {
            assert_eq!(Colour::try_from(text), Err(InvalidColour), "{text}");
        }
    }

    #[test]
    fn the_grounds_are_those_of_the_stylesheet() {
        for ground in LIGHT.into_iter().chain(DARK) {
            assert!(crate::style::OWN.contains(&format!(": {ground};")), "{ground}");
        }
    }
}
