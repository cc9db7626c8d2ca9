//! Small pictures of large ones.
//!
//! It is a Worker of its own, because decoders read what strangers send: it has no binding and keeps nothing, so whatever a picture makes
//! it do reaches nobody's data. What it gives out is a new picture, without anything that was hidden in the old one (place, camera).
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(feature = "worker")]
mod entry;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage, Rgba, codecs::jpeg::JpegEncoder};
use std::io::Cursor;

/// The most bytes of a picture that is looked at.
pub const MAX_BYTES: usize = 20_000_000;

/// The longer side of a thumbnail, at most, in pixels.
pub const SIDE: u32 = 320;

/// The most pixels of a picture: 16 million take 64 MB, half of what a Worker has.
const MAX_PIXELS: u64 = 16_000_000;

/// Why there is no thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoThumbnail {
    /// More than [`MAX_BYTES`], or more than 16 million pixels.
    #[error("it is too large")]
    TooLarge,
    /// No JPEG, PNG, GIF or WebP, or a broken one.
    #[error("it cannot be read")]
    Unreadable,
}

/// A JPEG of the picture, upright, with neither side longer than [`SIDE`]; of one that moves, its first frame. What is transparent is
/// white.
///
/// # Errors
/// [`NoThumbnail`] says why there is none.
pub fn thumbnail(bytes: &[u8]) -> Result<Vec<u8>, NoThumbnail> {
    if bytes.len() > MAX_BYTES {
        return Err(NoThumbnail::TooLarge);
    }
    let unreadable = |_| NoThumbnail::Unreadable;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| NoThumbnail::Unreadable)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 5);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(NoThumbnail::TooLarge);
    }
    let orientation = decoder.orientation().map_err(unreadable)?;
    let whole = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    let mut small = if width.max(height) > SIDE { whole.thumbnail(SIDE, SIDE) } else { whole };
    small.apply_orientation(orientation);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 80).encode_image(&on_white(&small)).map_err(unreadable)?;
    Ok(jpeg)
}

fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (&Rgba([red, green, blue, alpha]), Rgb(onto)) in picture.pixels().zip(opaque.pixels_mut()) {
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * u32::from(255 - alpha);
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        *onto = [over(red), over(green), over(blue)];
    }
    opaque
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageFormat;
    use proptest::prelude::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let shade = |x: u32, y: u32| Rgb([(x % 256) as u8, (y % 256) as u8, ((x + y) % 256) as u8]);
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(RgbImage::from_fn(width, height, shade)).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn size(jpeg: &[u8]) -> (u32, u32) {
        let read = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap();
        (read.width(), read.height())
    }

    #[test]
    fn pictures_of_every_kind_become_small() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let small = thumbnail(&picture(800, 600, format)).unwrap();
            assert_eq!(size(&small), (320, 240), "{format:?}");
            assert!(small.len() < 40_000, "{format:?}: {} bytes", small.len());
        }
        assert_eq!(size(&thumbnail(&picture(10, 2_000, ImageFormat::Png)).unwrap()), (2, 320));
        assert_eq!(size(&thumbnail(&picture(20, 10, ImageFormat::Png)).unwrap()), (20, 10), "never larger");
    }

    #[test]
    fn a_picture_stands_upright_and_tells_nothing_else() {
        let jpeg = picture(800, 600, ImageFormat::Jpeg);
        // EXIF with the orientation 6: turned by 90 degrees; and a secret beside it.
        let tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0SECRET";
        let length = u16::try_from(2 + 6 + tiff.len()).unwrap().to_be_bytes();
        let turned = [&jpeg[..2], b"\xff\xe1", &length, b"Exif\0\0", tiff, &jpeg[2..]].concat();
        let small = thumbnail(&turned).unwrap();
        assert_eq!(size(&small), (240, 320));
        assert!(!small.windows(6).any(|window| window == b"SECRET"));
    }

    #[test]
    fn what_is_transparent_is_white() {
        let clear = DynamicImage::from(image::RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])));
        let mut bytes = Cursor::new(Vec::new());
        clear.write_to(&mut bytes, ImageFormat::Png).unwrap();
        let small = image::load_from_memory(&thumbnail(bytes.get_ref()).unwrap()).unwrap().to_rgb8();
        assert!(small.pixels().all(|Rgb(colours)| colours.iter().all(|colour| *colour > 250)));
    }

    #[test]
    fn what_would_take_too_much_is_refused_before_it_does() {
        // A PNG whose header says 60,000 by 60,000.
        let mut bomb = picture(16, 16, ImageFormat::Png);
        bomb[16..24].copy_from_slice(b"\0\0\xea\x60\0\0\xea\x60");
        assert!(thumbnail(&bomb).is_err());
        let mut gif = picture(16, 16, ImageFormat::Gif);
        gif[6..10].copy_from_slice(&[0x88, 0x13, 0xa0, 0x0f]);
        assert_eq!(thumbnail(&gif), Err(NoThumbnail::TooLarge), "5,000 by 4,000");
        assert_eq!(thumbnail(&vec![0; MAX_BYTES + 1]), Err(NoThumbnail::TooLarge));
        for other in [b"".as_slice(), b"%PDF-1.7", b"<svg/>", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(thumbnail(other), Err(NoThumbnail::Unreadable));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// A broken picture is refused or shown, and nothing else happens.
        #[test]
        fn a_broken_picture_does_no_harm(at in any::<prop::sample::Index>(), value in any::<u8>(), cut in any::<prop::sample::Index>()) {
            for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
                let mut bytes = picture(40, 30, format);
                let place = at.index(bytes.len());
                bytes[place] = value;
                bytes.truncate(1 + cut.index(bytes.len()));
                if let Ok(small) = thumbnail(&bytes) {
                    prop_assert!(small.starts_with(b"\xff\xd8"));
                }
            }
        }
    }
}
